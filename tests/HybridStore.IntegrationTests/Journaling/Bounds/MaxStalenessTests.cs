using HybridStore.Fencing;
using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Journaling.Bounds;

/// <summary>Reads with a bound take an entry only if the mark that is read with it says that it is young enough.</summary>
public sealed class MaxStalenessTests(ServersFixture servers)
{
    private static readonly ReadOptions Seconds = new() { MaxStaleness = TimeSpan.FromSeconds(5) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_the_journal_is_applied_an_entry_is_served()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(0, await journal.ReadAsync(1, Seconds));
        }

        Assert.Equal(1, journal.Loads);
    }

    [Fact]
    public async Task While_nobody_applies_it_the_row_is_read_and_without_a_bound_the_entry()
    {
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        await journal.ReadAsync(1);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");

        Assert.Equal(1, await journal.ReadAsync(1, Seconds));
        Assert.Equal(1, await journal.ReadAsync(1));
    }

    [Fact]
    public async Task Once_the_leader_is_gone_entries_get_too_old()
    {
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        var leader = await JournalHost.StartAsync(servers, besides: journal);
        await leader.LeadsAsync();
        await leader.SettleAsync();
        await journal.ReadAsync(1, Seconds);
        await journal.ReadAsync(1, Seconds);
        Assert.Equal(1, journal.Loads);

        await leader.DisposeAsync();
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        var last = (await journal.MarkAsync())!.PostgresTime;
        while (await journal.PostgresTimeAsync() - last <= 1_000_000)
        {
            Assert.InRange(await journal.ReadAsync(1), 0, 1);
        }

        Assert.Equal(1, await journal.ReadAsync(1, new ReadOptions { MaxStaleness = TimeSpan.FromSeconds(1) }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Many_readers_with_a_bound_share_calls(int partitions)
    {
        await using var journal = await JournalHost.StartAsync(servers, options => options.Partitions = partitions);
        for (var id = 1; id <= 50; id++)
        {
            await journal.ReadAsync(id, Seconds);
        }

        await journal.ExecuteAsync("update item set value = id");
        await journal.SettleAsync();
        var reads = Enumerable.Range(0, 1000).Select(i => journal.ReadAsync((i % 50) + 1, Seconds).AsTask()).ToArray();
        var values = await Task.WhenAll(reads);

        Assert.All(values, (value, i) => Assert.Equal((i % 50) + 1, value));
    }

    [Fact]
    public async Task A_mark_of_an_earlier_generation_says_nothing()
    {
        var barrier = new Barrier();
        await using var journal = await JournalHost.StartAsync(servers, options => options.Protocol = barrier.Protocol);
        await journal.ReadAsync(1, Seconds);
        var reached = barrier.Close(ProtocolStep.Mark);
        await reached;
        await (await journal.Store.FlushAsync(Cancellation)).WhenApplied(Cancellation);
        await journal.ReadAsync(1, Seconds);
        await journal.ReadAsync(1, Seconds);
        Assert.Equal(3, journal.Loads);

        barrier.Open(ProtocolStep.Mark);
        await journal.SettleAsync();
        await Eventually.HappensAsync(async () => (await journal.MarkAsync())!.Generation == journal.Host.Generation.Number, "the mark follows");
        await journal.ReadAsync(1, Seconds);
        Assert.Equal(3, journal.Loads);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_mark_from_the_future_and_bytes_that_are_none_are_not_believed(bool isMark)
    {
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        await journal.ReadAsync(1);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        var mark = new AppliedMark(
            await journal.PostgresTimeAsync() + 3_600_000_000, journal.Host.Generation.Number, BootMark.Unknown, new SnapshotStamp(10, 1_000_000));
        var session = journal.Host.Root.Redis!.Session!;
        await session.Database.StringSetAsync(session.Layout.Mark(0), isMark ? mark.ToBytes() : new byte[100]);

        Assert.Equal(1, await journal.ReadAsync(1, Seconds));
    }

    [Fact]
    public async Task What_a_load_with_a_bound_reads_through_the_store_has_the_bound_too()
    {
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        await journal.ReadAsync(1);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");

        var composed = await journal.Store.With(Seconds).GetAsync(
            "composed", async (_, _) => await journal.ReadAsync(1) + 100, cancellationToken: Cancellation);

        Assert.Equal(101, composed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_load_of_somebody_without_a_bound_that_builds_on_old_entries_is_not_shared(bool hasToken)
    {
        var barrier = new Barrier();
        await using var journal = await JournalHost.StartAsync(
            servers, options => options.Protocol = barrier.Protocol, isListening: false);
        await journal.ReadAsync(1);

        // It names nothing, and nobody applies the journal.
        var written = await journal.Store.WriteAsync(
            (write, token) => write.ExecuteAsync("update item set value = 1 where id = 1", null, token), cancellationToken: Cancellation);
        var reached = barrier.Close(ProtocolStep.Lease);
        var plain = ComposeAsync(journal, journal.Store);
        await reached;
        var bounded = ComposeAsync(journal, journal.Store.With(hasToken ? new ReadOptions { AtLeast = written.Token } : Seconds));
        await barrier.Joined.WaitAsync(Cancellation);
        barrier.Open(ProtocolStep.Lease);

        Assert.Equal(100, await plain);
        Assert.Equal(101, await bounded);
    }

    [Fact]
    public async Task Without_a_journal_there_is_no_bound()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var error = Assert.Throws<InvalidOperationException>(() => host.Store.With(Seconds));
        Assert.Contains("Watch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_redis_every_bound_is_met()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.Mode = HybridStoreMode.PassThrough);
        Assert.Equal(1, await host.Store.With(Seconds).GetAsync<int>("one", "select 1", cancellationToken: Cancellation));
    }

    /// <summary>A value that is built on that of an item, read through the same view of the store.</summary>
    private static Task<int> ComposeAsync(JournalHost journal, IHybridStore view) => view.GetAsync(
        "composed",
        async (_, token) => 100 + await view.GetAsync<int>("item:1", "select value from item where id = 1", cancellationToken: token),
        cancellationToken: Cancellation).AsTask();
}
