using System.Data;
using HybridStore.Fencing;
using HybridStore.IntegrationTests.Reading;
using Npgsql;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>What writes store that set values. What comes between their steps: Fencing.WriteThroughRaceTests.</summary>
public sealed class WriteThroughTests(OwnServersFixture own) : IClassFixture<OwnServersFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_write_has_set_is_what_the_next_reader_finds_in_any_instance(bool isCachedBefore)
    {
        await using var accounts = await StartAsync();
        await using var other = await StoreHost.StartAsync(own.Servers, besides: accounts.Host);
        if (isCachedBefore)
        {
            await accounts.CacheAsync(1);
        }

        var receipt = await accounts.SetThroughAsync(1, 900);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        await accounts.SettleAsync();
        Assert.Equal(900, await FindAsync(accounts.Store, 1));
        Assert.Equal(900, await FindAsync(other.Store, 1));
    }

    [Fact]
    public async Task A_strict_write_stores_what_it_has_set()
    {
        await using var accounts = await StartAsync();
        await accounts.CacheAsync(1);

        var receipt = await accounts.SetThroughAsync(1, 900, strict: true);

        Assert.True(receipt.IsStrict);
        await accounts.SettleAsync();
        Assert.Equal(900, await FindAsync(accounts.Store, 1));
    }

    [Theory]
    [InlineData(IsolationLevel.RepeatableRead)]
    [InlineData(IsolationLevel.Serializable)]
    public async Task What_is_set_in_a_transaction_with_one_snapshot_is_stored(IsolationLevel isolationLevel)
    {
        await using var accounts = await StartAsync();

        await accounts.SetThroughAsync(1, 900, isolationLevel: isolationLevel);

        await accounts.SettleAsync();
        Assert.Equal(900, await FindAsync(accounts.Store, 1));
    }

    [Fact]
    public async Task The_value_has_the_tags_and_the_time_to_live_that_it_was_given()
    {
        await using var accounts = await StartAsync();

        await accounts.Store.WriteAsync(
            (write, _) =>
            {
                write.Set(Accounts.Key(1), 900, new EntryOptions { TimeToLive = TimeSpan.FromSeconds(100), Jitter = 0 }, [Accounts.Tag]);
                return Task.CompletedTask;
            },
            Through(1),
            Cancellation);

        await accounts.SettleAsync();
        var left = (long)await accounts.Host.RedisAsync("PTTL", (string)accounts.Host.EntryName(Accounts.Key(1))!);
        Assert.InRange(left, 50_000, 100_000);
        await accounts.Store.InvalidateAsync(new Invalidation { Tags = [Accounts.Tag] }, Cancellation);
        Assert.False(await accounts.IsCachedAsync(1));
    }

    [Fact]
    public async Task The_value_is_stored_as_it_was_when_it_was_set()
    {
        await using var accounts = await StartAsync();

        await accounts.Store.WriteAsync(
            (write, _) =>
            {
                var list = new List<int> { 1, 2 };
                write.Set("list", list);
                list.Clear();
                return Task.CompletedTask;
            },
            new WriteOptions { WriteThrough = ["list"] },
            Cancellation);

        await accounts.SettleAsync();
        Assert.Equal([1, 2], await FindAsync<List<int>>(accounts.Store, "list"));
    }

    [Fact]
    public async Task A_null_is_stored_only_where_nulls_are()
    {
        await using var accounts = await StartAsync();
        var negative = new EntryOptions { NegativeTimeToLive = TimeSpan.FromMinutes(1) };

        await accounts.Store.WriteAsync(
            (write, _) =>
            {
                write.Set<string?>("a", null, negative);
                write.Set<string?>("b", null);
                write.Set("c", "value", EntryOptions.Never);
                return Task.CompletedTask;
            },
            new WriteOptions { WriteThrough = ["a", "b", "c"] },
            Cancellation);

        await accounts.SettleAsync();
        Assert.Equal((true, false, false), (await IsStoredAsync(accounts, "a"), await IsStoredAsync(accounts, "b"), await IsStoredAsync(accounts, "c")));
        Assert.Null(await FindAsync<string?>(accounts.Store, "a", negative));
    }

    [Fact]
    public async Task A_write_that_is_rolled_back_stores_nothing_and_leaves_what_was_cached()
    {
        await using var accounts = await StartAsync();
        await accounts.CacheAsync(1);

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => accounts.SetThroughAsync(1, 900, then: () => throw new TimeZoneNotFoundException()));

        await accounts.SettleAsync();
        Assert.Equal(100, await FindAsync(accounts.Store, 1));
        await AssertLeaseIsFreeAsync(accounts);
    }

    [Fact]
    public async Task A_write_that_is_repeated_stores_what_its_last_attempt_has_set()
    {
        await using var accounts = await StartAsync();
        var attempt = 0;

        await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                attempt++;
                write.Set(Accounts.Key(1), await SetAsync(write, 1, 900 + attempt, token));
                if (attempt < 3)
                {
                    throw new PostgresException("conflict", "ERROR", "ERROR", PostgresErrorCodes.SerializationFailure);
                }
            },
            Through(1) with { MaxAttempts = 3 },
            Cancellation);

        await accounts.SettleAsync();
        Assert.Equal(903, await FindAsync(accounts.Store, 1));
    }

    [Fact]
    public async Task A_write_whose_outcome_is_not_known_stores_nothing()
    {
        await using var accounts = await StartAsync();
        await accounts.CacheAsync(1);
        _ = own.Servers.Postgres.Proxy.CutReplyAfterRequest("COMMIT\0");

        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => accounts.SetThroughAsync(1, 900));

        await accounts.SettleAsync();
        Assert.False(await accounts.IsCachedAsync(1));
        await AssertLeaseIsFreeAsync(accounts);
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task What_is_set_and_invalidated_afterwards_is_not_stored()
    {
        await using var accounts = await StartAsync();

        await accounts.Store.WriteAsync(
            (write, _) =>
            {
                write.Set("a", 1);
                write.Set("b", 2, tags: ["tag"]);
                write.Set("c", 3, tags: ["other"]);
                write.Invalidate("a");
                write.InvalidateTag("tag");
                Assert.Equal(["a", "b", "c"], write.InvalidatedKeys.Order());
                return Task.CompletedTask;
            },
            new WriteOptions { WriteThrough = ["a", "b", "c"] },
            Cancellation);

        await accounts.SettleAsync();
        Assert.Equal((false, false, true), (await IsStoredAsync(accounts, "a"), await IsStoredAsync(accounts, "b"), await IsStoredAsync(accounts, "c")));
    }

    [Fact]
    public async Task A_key_that_was_declared_and_not_set_stays_as_it_is()
    {
        await using var accounts = await StartAsync();
        await accounts.CacheAsync(1);

        await accounts.Store.WriteAsync((_, _) => Task.CompletedTask, Through(1), Cancellation);

        await accounts.SettleAsync();
        Assert.Equal(100, await FindAsync(accounts.Store, 1));
        await AssertLeaseIsFreeAsync(accounts);
    }

    [Fact]
    public async Task A_key_that_was_not_declared_is_refused_with_the_remedy()
    {
        await using var accounts = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            (write, _) =>
            {
                write.Set(Accounts.Key(2), 7);
                return Task.CompletedTask;
            },
            Through(1),
            Cancellation));

        Assert.Contains("WriteOptions.WriteThrough", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_policy_and_a_type_that_does_not_survive_are_refused_at_once()
    {
        await using var accounts = await StartAsync();

        await accounts.Store.WriteAsync(
            (write, _) =>
            {
                Assert.Throws<ArgumentException>("options", () => write.Set(Accounts.Key(1), 7, EntryOptions.Policy("none")));
                Assert.Throws<NotSupportedException>(() => write.Set(Accounts.Key(1), (object)7));
                return Task.CompletedTask;
            },
            Through(1),
            Cancellation);
    }

    [Fact]
    public async Task Where_somebody_loads_the_key_when_the_write_begins_it_is_invalidated_and_not_stored()
    {
        await using var accounts = await StartAsync();
        await using var other = await StoreHost.StartAsync(own.Servers, besides: accounts.Host);
        var load = new GatedLoad<int>(100);
        var reading = other.Store.GetAsync(Accounts.Key(1), load.RunAsync, cancellationToken: Cancellation).AsTask();
        await load.Started;

        await accounts.SetThroughAsync(1, 900);
        load.Release();

        Assert.Equal(100, await reading);
        await accounts.SettleAsync();
        Assert.False(await accounts.IsCachedAsync(1));
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task While_Redis_is_down_the_write_is_committed_and_its_invalidation_waits()
    {
        await using var accounts = await StartAsync();
        await accounts.CacheAsync(1);
        own.Servers.Redis.Proxy.Cut();

        var receipt = await accounts.SetThroughAsync(1, 900);

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.Equal(900, await accounts.ReadAsync(1));
        own.Servers.Redis.Proxy.Restore();
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task Without_Redis_what_is_set_is_checked_all_the_same()
    {
        await using var accounts = await Accounts.StartAsync(own.Servers, options => options.Mode = HybridStoreMode.PassThrough, waitForRedis: false);

        await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                write.Set(Accounts.Key(1), await SetAsync(write, 1, 900, token));
                Assert.Throws<InvalidOperationException>(() => write.Set(Accounts.Key(2), 7));
            },
            Through(1),
            Cancellation);

        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_joined_write_sets_what_the_outer_one_has_declared()
    {
        await using var accounts = await StartAsync();

        await accounts.Store.WriteAsync(
            (_, _) => accounts.SetThroughAsync(1, 900), Through(1), Cancellation);

        await accounts.SettleAsync();
        Assert.Equal(900, await FindAsync(accounts.Store, 1));
    }

    [Fact]
    public async Task What_only_a_joined_write_has_declared_is_invalidated_and_not_stored()
    {
        await using var accounts = await StartAsync();
        await accounts.CacheAsync(1);

        await accounts.Store.WriteAsync((_, _) => accounts.SetThroughAsync(1, 900), cancellationToken: Cancellation);

        await accounts.SettleAsync();
        Assert.False(await accounts.IsCachedAsync(1));
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_transaction_that_was_taken_in_cannot_write_through()
    {
        await using var accounts = await StartAsync();
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);

        Assert.Throws<ArgumentException>("options", () => accounts.Store.Enlist(transaction, Through(1)));
    }

    [Fact]
    public async Task It_costs_one_round_trip_to_Redis_before_the_transaction_and_one_behind_it()
    {
        var gate = new StepGate(null);
        await using var accounts = await StartAsync(gate);

        await accounts.SetThroughAsync(1, 900);

        Assert.Equal(
            (1, 1, 1, 1),
            (gate.Count(ProtocolStep.Lease), gate.Count(ProtocolStep.StampWrite), gate.Count(ProtocolStep.Invalidate), gate.Count(ProtocolStep.Store)));
    }

    private static WriteOptions Through(int id) => new() { WriteThrough = [Accounts.Key(id)] };

    private static Task<int> SetAsync(WriteContext write, int id, int balance, CancellationToken token) => write.ExecuteScalarAsync<int>(
        "update account set balance = @balance where id = @id returning balance", new { id, balance }, token);

    /// <summary>What is in the cache; loading it is a failure.</summary>
    private static Task<int> FindAsync(IHybridStore store, int id) => FindAsync<int>(store, Accounts.Key(id));

    private static async Task<T> FindAsync<T>(IHybridStore store, string key, EntryOptions? options = null) => await store.GetAsync<T>(
        key, (_, _) => throw new InvalidOperationException("It is not in the cache."), options, cancellationToken: Cancellation);

    private static async Task<bool> IsStoredAsync(Accounts accounts, string key) =>
        (bool)await accounts.Host.RedisAsync("EXISTS", (string)accounts.Host.EntryName(key)!);

    private static async Task AssertLeaseIsFreeAsync(Accounts accounts)
    {
        var guard = (string)accounts.Host.Root.Redis!.Session!.Layout.Guard(0, Accounts.Key(1))!;
        Assert.False((bool)await accounts.Host.RedisAsync("HEXISTS", guard, "t"), "Somebody holds the lease.");
    }

    private async Task<Accounts> StartAsync(StepGate? gate = null)
    {
        await own.RestoreAsync(Cancellation);
        return await Accounts.StartAsync(
            own.Servers, options => options.Protocol = gate is null ? null : new ProtocolUnderTest { Gate = gate });
    }
}
