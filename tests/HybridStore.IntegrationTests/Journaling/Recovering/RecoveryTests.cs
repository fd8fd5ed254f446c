using System.Transactions;
using HybridStore.Diagnostics.Health;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Polly.CircuitBreaker;

namespace HybridStore.IntegrationTests.Journaling.Recovering;

/// <summary>Redis is away while a watched row is written by somebody else, and comes back with what it held: nobody reads that.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class RecoveryTests(DisturbedServers servers) : IAsyncLifetime
{
    // Longer than any test takes.
    private static readonly TimeSpan ForEver = TimeSpan.FromMinutes(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Nothing_is_read_before_the_mark_covers_what_was_written_meanwhile()
    {
        await using var first = await StartListenerAsync();
        await using var reader = await StartReaderAsync(first);
        Assert.Equal(0, await reader.ReadAsync(1));
        await first.DisposeAsync();
        await OutageAsync(reader, "update item set value = 7 where id = 1");

        await ReadUntilServedAsync(reader, expected: 7);

        // Nobody applies the journal: the old entry is still there, and nobody reads it.
        Assert.True(await reader.IsCachedAsync(1));
        Assert.Equal(1, reader.Host.Root.Gate!.Count);
        Assert.Equal(7, await reader.ReadAsync(1));
        Assert.Equal(EntryVerdict.Recovering, (await reader.Store.ExplainAsync("item:1", Cancellation)).Verdict);
        var health = await new RecoveryProbe(reader.Host.Root.Gate!).ProbeAsync(Cancellation);
        Assert.Equal((HealthStatus.Degraded, ("redis.recovering", 1)), (health.Status, Assert.Single(health.Data)));
        await using var second = await JournalHost.StartAsync(new SingleServers(servers.Servers), besides: reader);
        await OpensAsync(reader);
        Assert.Contains(
            reader.Host.Logs.GetSnapshot(), log => log.Id.Id == 1901 && log.Message.Contains("Covered", StringComparison.Ordinal));
        Assert.Equal(7, await reader.ReadAsync(1));
        await AssertHitsAsync(reader);
    }

    [Fact]
    public async Task What_the_probe_itself_has_found_is_not_handed_out()
    {
        await using var first = await StartListenerAsync();
        await using var reader = await StartReaderAsync(first);
        await reader.ReadAsync(1);
        await first.DisposeAsync();
        await OutageAsync(reader, "update item set value = 8 where id = 1");
        var breaker = reader.Host.Root.Redis!.Session!.Breakers[0];

        // Nothing but this read can be the probe: nobody else asks for anything.
        await Eventually.HappensAsync(
            async () =>
            {
                Assert.Equal(8, await reader.ReadAsync(1));
                return breaker.IsClosed;
            },
            "the circuit closes");
        Assert.True(await reader.IsCachedAsync(1));
    }

    [Fact]
    public async Task Where_nobody_applies_the_journal_the_whole_cache_is_emptied_instead()
    {
        await using var first = await StartListenerAsync();
        await using var reader = await StartReaderAsync(first, patience: TimeSpan.FromSeconds(1));
        await reader.ReadAsync(1);
        await first.DisposeAsync();
        var generation = reader.Host.Generation.Number;
        await OutageAsync(reader, "update item set value = 9 where id = 1");

        await ReadUntilServedAsync(reader, expected: 9);
        await OpensAsync(reader);

        Assert.True(reader.Host.Generation.Number > generation);
        Assert.Contains(reader.Host.Logs.GetSnapshot(), log => log.Id.Id == 1902);
        Assert.Equal(9, await reader.ReadAsync(1));
        await AssertHitsAsync(reader);
    }

    [Fact]
    public async Task A_second_outage_begins_the_wait_anew()
    {
        await using var first = await StartListenerAsync();
        await using var reader = await StartReaderAsync(first);
        await reader.ReadAsync(1);
        await first.DisposeAsync();
        await OutageAsync(reader, "update item set value = 1 where id = 1");
        await ReadUntilServedAsync(reader, expected: 1);
        await OutageAsync(reader, "update item set value = 2 where id = 1");

        await ReadUntilServedAsync(reader, expected: 2);

        Assert.Equal(1, reader.Host.Root.Gate!.Count);
        await using var second = await JournalHost.StartAsync(new SingleServers(servers.Servers), besides: reader);
        await OpensAsync(reader);
        Assert.Equal(2, await reader.ReadAsync(1));
    }

    [Fact]
    public async Task A_reader_with_a_bound_judges_by_the_mark_itself()
    {
        await using var first = await StartListenerAsync();
        await using var reader = await StartReaderAsync(first);
        await reader.ReadAsync(1);
        await first.DisposeAsync();
        await OutageAsync(reader, "update item set value = 3 where id = 1");
        await ReadUntilServedAsync(reader, expected: 3);

        // An hour is longer than all of this has taken, so the old entry is within it; a millisecond is not.
        Assert.Equal(0, await reader.ReadAsync(1, new ReadOptions { MaxStaleness = TimeSpan.FromHours(1) }));
        Assert.Equal(3, await reader.ReadAsync(1, new ReadOptions { MaxStaleness = TimeSpan.FromMilliseconds(1) }));
    }

    [Fact]
    public async Task What_was_written_before_an_application_first_reaches_Redis_is_not_read_older()
    {
        await using var first = await StartListenerAsync();
        await using var filler = await StartReaderAsync(first);
        Assert.Equal(0, await filler.ReadAsync(1));
        await first.DisposeAsync();
        await using var link = RedisLink.To(servers.Redis, connected: false);
        await using var late = await JournalHost.StartAsync(
            new SingleServers(servers.Servers),
            options => options.RedisConnectionString = link.ConnectionString,
            besides: filler,
            isListening: false,
            waitForRedis: false);
        Assert.Equal(0, await late.ReadAsync(1));
        await Eventually.HappensAsync(
            () => late.Host.Logs.GetSnapshot().Any(log => log.Id.Id == 1001), "it finds out that Redis is away");
        await late.ExecuteAsync("update item set value = 5 where id = 1");
        link.Connect();

        await Eventually.HappensAsync(
            async () =>
            {
                Assert.Equal(5, await late.ReadAsync(1));
                return late.Host.Root.Redis!.Session is not null;
            },
            "Redis is reached");

        Assert.Equal(5, await late.ReadAsync(1));
        await using var second = await JournalHost.StartAsync(new SingleServers(servers.Servers), besides: filler);
        await OpensAsync(late);
        Assert.Equal(5, await late.ReadAsync(1));
    }

    [Fact]
    public async Task Nothing_of_the_transaction_in_which_the_probe_runs_says_what_is_committed()
    {
        await using var first = await StartListenerAsync();
        await using var reader = await StartReaderAsync(first);
        await reader.ReadAsync(1);
        await first.DisposeAsync();
        await servers.Redis.PauseAsync(Cancellation);
        await reader.ReadAsync(100);
        await Eventually.HappensAsync(
            () => reader.Host.Root.Redis!.Session!.Breakers[0].State == CircuitState.Open, "the circuit opens");
        using (var transaction = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            // Its snapshot is from before the change.
            await reader.ReadAsync(2);
            using (new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled))
            {
                await reader.ExecuteAsync("update item set value = 6 where id = 1");
            }

            await servers.Redis.ResumeAsync(Cancellation);
            await Eventually.HappensAsync(
                async () =>
                {
                    await reader.ReadAsync(3);
                    return reader.Host.Root.Redis!.Session!.Breakers[0].IsClosed;
                },
                "the circuit closes");
            transaction.Complete();
        }

        await Eventually.HappensAsync(
            () => reader.Host.Logs.GetSnapshot().Any(log => log.Id.Id == 1900), "it waits for proof");
        for (var read = 0; read < 50; read++)
        {
            Assert.Equal(6, await reader.ReadAsync(1));
        }

        Assert.Equal(1, reader.Host.Root.Gate!.Count);
    }

    private Task<JournalHost> StartListenerAsync() => JournalHost.StartAsync(new SingleServers(servers.Servers));

    private Task<JournalHost> StartReaderAsync(JournalHost besides, TimeSpan? patience = null) => JournalHost.StartAsync(
        new SingleServers(servers.Servers),
        options =>
        {
            options.RedisTimeout = TimeSpan.FromMilliseconds(500);
            options.CircuitBreaker.FailureThreshold = 1;
            options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
            options.Journal.RecoveryWait = patience ?? ForEver;
        },
        besides,
        isListening: false);

    /// <summary>Redis freezes; the reader notices; the change is made; Redis goes on with all that it held.</summary>
    private async Task OutageAsync(JournalHost reader, string change)
    {
        await servers.Redis.PauseAsync(Cancellation);
        await reader.ReadAsync(100);
        await Eventually.HappensAsync(
            () => reader.Host.Root.Redis!.Session!.Breakers[0].State == CircuitState.Open, "the circuit opens");
        await reader.ExecuteAsync(change);
        await servers.Redis.ResumeAsync(Cancellation);
    }

    /// <summary>From the end of the outage until the circuit is closed no read gives anything else.</summary>
    private static Task ReadUntilServedAsync(JournalHost reader, int expected) => Eventually.HappensAsync(
        async () =>
        {
            Assert.Equal(expected, await reader.ReadAsync(1));
            return reader.Host.Root.Redis!.Session!.Breakers[0].IsClosed;
        },
        "the circuit closes");

    private static Task OpensAsync(JournalHost reader) =>
        Eventually.HappensAsync(() => reader.Host.Root.Gate!.Count == 0, "the cache is read again");

    private static async Task AssertHitsAsync(JournalHost reader)
    {
        await reader.Host.SettleAsync();
        await reader.ReadAsync(1);
        await reader.Host.SettleAsync();
        var loads = reader.Loads;
        await reader.ReadAsync(1);
        Assert.Equal(loads, reader.Loads);
    }
}
