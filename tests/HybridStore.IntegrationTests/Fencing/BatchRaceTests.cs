using System.Transactions;
using HybridStore.IntegrationTests.Reading;
using HybridStore.Servers;
using Npgsql;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Batch reads of two instances, and invalidations between their steps.</summary>
public sealed class BatchRaceTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_is_invalidated_while_the_batch_is_loaded_is_not_stored_and_the_others_are()
    {
        await using var race = await Race.StartAsync(servers);
        var batch = new HeldBatch();
        var reading = batch.ReadAsync(race.First, 1, 2, 3);
        await batch.HasRead.WaitAsync(Cancellation);
        var xid = await race.CommitAsync(7, item: 2);
        await Race.InvalidateKeyAsync(race.Second, xid, "item:2");

        batch.LetReturn();

        Assert.Equal([0, 0, 0], (await reading).Select(row => row!.Version));
        Assert.NotNull(await EntryOfAsync(race, 1));
        Assert.Null(await EntryOfAsync(race, 2));
        Assert.NotNull(await EntryOfAsync(race, 3));
        var again = new HeldBatch();
        again.LetReturn();
        Assert.Equal([0, 7, 0], (await again.ReadAsync(race.Second, 1, 2, 3)).Select(row => row!.Version));
        Assert.Equal([2], Assert.Single(again.Asked));
    }

    [Fact]
    public async Task A_tag_that_is_invalidated_while_the_batch_is_loaded_keeps_its_entries_out()
    {
        await using var race = await Race.StartAsync(servers);
        var batch = new HeldBatch { Tag = static row => row.Id < 3 ? Race.Tag : "others" };
        var reading = batch.ReadAsync(race.First, 1, 2, 3);
        await batch.HasRead.WaitAsync(Cancellation);
        await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(7));

        batch.LetReturn();
        await reading;

        Assert.Null(await EntryOfAsync(race, 1));
        Assert.Null(await EntryOfAsync(race, 2));
        Assert.NotNull(await EntryOfAsync(race, 3));
    }

    [Fact]
    public async Task A_batch_that_begins_before_an_invalidation_hands_nothing_old_to_who_comes_after_it()
    {
        await using var race = await Race.StartAsync(servers);
        var batch = new HeldBatch();
        var reading = batch.ReadAsync(race.First, 1, 2);
        await batch.HasRead.WaitAsync(Cancellation);
        await Race.InvalidateKeyAsync(race.First, await race.CommitAsync(7));
        var later = new HeldBatch();
        later.LetReturn();

        var fresh = await later.ReadAsync(race.First, 1);
        batch.LetReturn();

        Assert.Equal(7, Assert.Single(fresh)!.Version);
        Assert.Equal([0, 0], (await reading).Select(row => row!.Version));
        Assert.Equal(7, (await later.ReadAsync(race.Second, 1))[0]!.Version);
    }

    [Fact]
    public async Task What_another_instance_loads_is_waited_for_after_what_is_held_has_been_loaded()
    {
        await using var race = await Race.StartAsync(servers, Patient);
        var batch = new HeldBatch();
        var reading = batch.ReadAsync(race.First, 1, 2);
        await batch.HasRead.WaitAsync(Cancellation);
        var other = new HeldBatch();
        other.LetReturn();
        var waiting = other.ReadAsync(race.Second, 3, 2, 4);
        await other.HasRead.WaitAsync(Cancellation);
        Assert.False(waiting.IsCompleted);

        batch.LetReturn();

        Assert.Equal([3, 2, 4], (await waiting).Select(row => row!.Id));
        Assert.Equal([1, 2], (await reading).Select(row => row!.Id));
        Assert.Equal([1, 2], Assert.Single(batch.Asked));
        Assert.Equal([3, 4], Assert.Single(other.Asked));
    }

    [Fact]
    public async Task Batches_of_two_instances_that_hold_each_others_keys_both_end()
    {
        await using var race = await Race.StartAsync(servers, Patient);
        var (first, second) = (new HeldBatch(), new HeldBatch());
        var ofFirst = first.ReadAsync(race.First, 1, 2);
        await first.HasRead.WaitAsync(Cancellation);
        var ofSecond = second.ReadAsync(race.Second, 3, 1);
        await second.HasRead.WaitAsync(Cancellation);
        var third = new HeldBatch();
        third.LetReturn();
        var ofThird = third.ReadAsync(race.First, 4, 3);

        second.LetReturn();
        Assert.Equal([4, 3], (await ofThird).Select(row => row!.Id));
        Assert.False(ofSecond.IsCompleted);
        first.LetReturn();

        Assert.Equal([1, 2], (await ofFirst).Select(row => row!.Id));
        Assert.Equal([3, 1], (await ofSecond).Select(row => row!.Id));
    }

    [Fact]
    public async Task A_load_that_fails_frees_its_leases_for_the_other_instance()
    {
        await using var race = await Race.StartAsync(servers, Patient);
        var failing = new HeldBatch { Error = new TimeZoneNotFoundException() };
        var reading = failing.ReadAsync(race.First, 1, 2);
        await failing.HasRead.WaitAsync(Cancellation);
        var other = new HeldBatch();
        other.LetReturn();
        var waiting = other.ReadAsync(race.Second, 1, 2);
        await race.SettleAsync();

        failing.LetReturn();

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => reading);
        Assert.Equal([0, 0], (await waiting).Select(row => row!.Version));
        Assert.Equal([1, 2], other.Asked.SelectMany(ids => ids).Order());
    }

    [Fact]
    public async Task Who_has_waited_long_enough_loads_in_the_end_and_does_not_store()
    {
        await using var race = await Race.StartAsync(servers, options =>
        {
            options.LeaseWait = TimeSpan.FromMilliseconds(20);
            options.LeaseDuration = options.FenceTtl;
        });
        Assert.True((await race.First.Root.Gateway!.LeaseAsync("item:1", default, Cancellation)).TryGetValue(out _));
        var batch = new HeldBatch();
        batch.LetReturn();

        Assert.Equal([0, 0], (await batch.ReadAsync(race.Second, 1, 2)).Select(row => row!.Version));

        Assert.Equal([[2], [1]], batch.Asked);
        Assert.Null(await EntryOfAsync(race, 1));
        Assert.NotNull(await EntryOfAsync(race, 2));
    }

    [Fact]
    public async Task A_hundred_keys_are_one_call_of_redis_and_one_query()
    {
        // Whose calls are nobody else's.
        await using var own = await TestServers.StartAsync(cancellationToken: Cancellation);
        await using var host = await StoreHost.StartAsync(own);
        await host.ExecuteAsync("create table item (id int primary key, version int not null)");
        await host.ExecuteAsync("insert into item select id, 0 from generate_series(1, 100) id");
        int[] ids = [.. Enumerable.Range(1, 100)];
        var batch = new HeldBatch();
        batch.LetReturn();
        await batch.ReadAsync(host, ids);
        await host.SettleAsync();
        var before = await CallsAsync(host);

        Assert.Equal(ids, (await batch.ReadAsync(host, ids)).Select(row => row!.Id));

        // What proves the generation may come along.
        var calls = await CallsAsync(host);
        Assert.Equal(1, calls.GetValueOrDefault("mget") - before.GetValueOrDefault("mget"));
        Assert.Equal(0, calls.GetValueOrDefault("get") - before.GetValueOrDefault("get"));
        Assert.Single(batch.Asked);
    }

    [Fact]
    public async Task More_keys_than_one_call_takes_are_read_all_the_same()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table item (id int primary key, version int not null)");
        await host.ExecuteAsync("insert into item select id, id from generate_series(1, 700) id");
        int[] ids = [.. Enumerable.Range(1, 700).Reverse()];
        var batch = new HeldBatch();
        batch.LetReturn();
        await batch.ReadAsync(host, ids);

        Assert.Equal(ids, (await batch.ReadAsync(host, ids)).Select(row => row!.Version));
        Assert.Single(batch.Asked);
    }

    [Fact]
    public async Task A_query_with_the_ids_is_enough()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table thing (id uuid primary key, name text not null)");
        Guid[] ids = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];
        await host.ExecuteAsync($"insert into thing values ('{ids[0]}', 'a'), ('{ids[2]}', 'c')");
        async Task<IReadOnlyList<string?>> NamesAsync() => [.. (await host.Store.GetManyAsync<Guid, Thing>(
            ids,
            static id => $"thing:{id}",
            "select id, name from thing where id = any(@ids)",
            static thing => thing.Id,
            cancellationToken: Cancellation)).Select(thing => thing?.Name)];

        Assert.Equal(["a", null, "c"], await NamesAsync());
        await host.ExecuteAsync($"insert into thing values ('{ids[1]}', 'b')");
        await host.ExecuteAsync("update thing set name = 'changed' where name <> 'b'");
        Assert.Equal(["a", "b", "c"], await NamesAsync());
    }

    [Fact]
    public async Task A_batch_reflects_the_write_of_the_callers_token()
    {
        await using var race = await Race.StartAsync(servers);
        var batch = new HeldBatch();
        batch.LetReturn();
        await batch.ReadAsync(race.First, 1, 2);
        var receipt = await race.Second.Store.WriteAsync(
            static (write, token) => write.ExecuteAsync("update item set version = 5 where id = 2", null, token), cancellationToken: Cancellation);
        var view = race.First.Store.With(new ReadOptions { AtLeast = receipt.Token });

        var rows = await batch.ReadAsync(view, 1, 2);

        Assert.Equal([0, 5], rows.Select(row => row!.Version));
        Assert.Equal([1, 2], batch.Asked[^1]);
    }

    [Fact]
    public async Task In_a_transaction_a_batch_sees_what_it_has_not_committed_and_stores_nothing()
    {
        await using var race = await Race.StartAsync(servers);
        var batch = new HeldBatch();
        batch.LetReturn();
        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await using var connection = await race.First.DataSource.OpenConnectionAsync(Cancellation);
            await using var command = new NpgsqlCommand("update item set version = 9 where id = 1", connection);
            await command.ExecuteNonQueryAsync(Cancellation);
            await batch.ReadAsync(race.First, 1, 2);
        }

        Assert.Null(await EntryOfAsync(race, 1));
        Assert.Null(await EntryOfAsync(race, 2));
        Assert.Equal([0, 0], (await batch.ReadAsync(race.First, 1, 2)).Select(row => row!.Version));
    }

    [Fact]
    public async Task An_early_refresh_of_one_key_loads_that_alone()
    {
        await using var race = await Race.StartAsync(servers);
        var batch = new HeldBatch { Options = EarlyEntry.Calm };
        batch.LetReturn();
        await batch.ReadAsync(race.First, 1, 2);
        await race.SettleAsync();
        await EarlyEntry.MakeDueAsync(race.Redis, race.First.EntryName("item:1"));
        var refresh = new HeldBatch { Options = EarlyEntry.Eager };

        var current = await refresh.ReadAsync(race.First, 1, 2);
        await refresh.HasRead.WaitAsync(Cancellation);
        refresh.LetReturn();

        Assert.Equal([1, 2], current.Select(row => row!.Id));
        Assert.Equal([1], Assert.Single(refresh.Asked));
    }

    private static void Patient(HybridStoreOptions options)
    {
        options.LeaseWait = TimeSpan.FromMinutes(1);
        options.LeaseDuration = options.FenceTtl;
    }

    private static async Task<byte[]?> EntryOfAsync(Race race, int id)
    {
        await race.SettleAsync();
        return await race.Redis.StringGetAsync(race.First.EntryName($"item:{id}"));
    }

    private static async Task<Dictionary<string, long>> CallsAsync(StoreHost host)
    {
        var text = (string)(await host.RedisAsync("INFO", "commandstats"))!;
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line.StartsWith("cmdstat_", StringComparison.Ordinal))
            .ToDictionary(
                line => line[8..line.IndexOf(':', StringComparison.Ordinal)],
                line => long.Parse(line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..line.IndexOf(',', StringComparison.Ordinal)],
                    System.Globalization.CultureInfo.InvariantCulture));
    }

    private sealed record Row(int Id, int Version);

    private sealed record Thing(Guid Id, string Name);

    /// <summary>A load of items that a test lets return when it is its turn.</summary>
    private sealed class HeldBatch
    {
        private readonly TaskCompletionSource _hasRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _mayReturn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();

        public List<int[]> Asked { get; } = [];

        public Func<Row, string>? Tag { get; init; }

        public Exception? Error { get; init; }

        public EntryOptions? Options { get; init; }

        public Task HasRead => _hasRead.Task;

        public void LetReturn() => _mayReturn.TrySetResult();

        public Task<IReadOnlyList<Row?>> ReadAsync(StoreHost host, params int[] ids) => ReadAsync(host.Store, ids);

        public Task<IReadOnlyList<Row?>> ReadAsync(IHybridStore store, params int[] ids) =>
            store.GetManyAsync(ids, static id => $"item:{id}", LoadAsync, static row => row.Id, Options, Cancellation).AsTask();

        private async ValueTask<IReadOnlyList<Row>> LoadAsync(
            IReadOnlyList<int> missing, BatchLoadContext<int> context, CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                Asked.Add([.. missing]);
            }

            var rows = await context.QueryAsync<Row>(
                "select id, version from item where id = any(@ids)", new { ids = missing }, cancellationToken);
            _hasRead.TrySetResult();
            await _mayReturn.Task.WaitAsync(cancellationToken);
            foreach (var row in rows)
            {
                if (Tag is not null)
                {
                    context.AddTag(row.Id, Tag(row));
                }
            }

            return Error is null ? rows : throw Error;
        }
    }
}
