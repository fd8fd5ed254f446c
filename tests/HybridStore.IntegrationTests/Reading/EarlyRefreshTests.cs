using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Reading;

public sealed class EarlyRefreshTests(ServersFixture servers)
{
    private const int Callers = 32;

    // With the load time that the tests write into the entry (over an hour) and this beta, a read of an entry with 20 s to live asks
    // for a refresh in all but 5 of 100,000 cases.
    private static readonly EntryOptions Eager = new() { TimeToLive = TimeSpan.FromSeconds(20), Jitter = 0, Beta = 100 };

    // For looking without causing a refresh.
    private static readonly EntryOptions Calm = Eager with { Beta = 0 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_entry_close_to_its_expiry_is_refreshed_once_behind_its_readers()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var refresh = new GatedLoad<string>("new");
        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("old"), Eager, Cancellation);
        await PretendLoadWasSlowAsync(raw);

        // While the refresh is held, every reader gets the old value at once: none of these calls waits for the gate.
        var read = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(
            async () => await host.Store.GetAsync("key", refresh.RunAsync, Eager, Cancellation), Cancellation)));
        await refresh.Started.WaitAsync(Cancellation);

        Assert.All(read, value => Assert.Equal("old", value));
        Assert.Equal("old", await host.Store.GetAsync("key", refresh.RunAsync, Eager, Cancellation));
        refresh.Release();
        await Eventually.HappensAsync(
            async () => await host.Store.GetAsync("key", refresh.RunAsync, Calm, Cancellation) == "new", "the new value is served");
        Assert.Equal(1, refresh.Runs);
    }

    [Fact]
    public async Task An_entry_far_from_its_expiry_is_left_alone()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var loads = new NumberedLoads();
        var options = new EntryOptions { TimeToLive = TimeSpan.FromHours(1) };
        for (var read = 0; read < 200; read++)
        {
            Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, options, Cancellation));
        }

        Assert.Equal(1, loads.Runs);
    }

    [Fact]
    public async Task Beta_zero_never_refreshes_early()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        await host.Store.GetAsync("key", loads.RunAsync, Calm, Cancellation);
        await PretendLoadWasSlowAsync(raw);
        for (var read = 0; read < 50; read++)
        {
            Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, Calm, Cancellation));
        }

        Assert.Equal(1, loads.Runs);
    }

    [Fact]
    public async Task A_failed_refresh_leaves_the_entry_and_reaches_no_caller()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("old"), Eager, Cancellation);
        await PretendLoadWasSlowAsync(raw);
        var entry = await raw.EntryAsync("key");

        Assert.Equal("old", await host.Store.GetAsync("key", Failing, Eager, Cancellation));

        await Eventually.HappensAsync(
            () => host.Logs.GetSnapshot().Any(log => log.Id.Id == 1203 && log.Level == LogLevel.Warning), "the failure is logged");
        Assert.Equal(entry, await raw.EntryAsync("key"));
        Assert.Equal("old", await host.Store.GetAsync("key", Failing, Eager, Cancellation));

        static ValueTask<string> Failing(LoadContext context, CancellationToken token) =>
            throw new InvalidOperationException("PostgreSQL does not answer.");
    }

    [Fact]
    public async Task A_refresh_outlives_the_caller_that_caused_it()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var refresh = new GatedLoad<string>("new");
        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("old"), Eager, Cancellation);
        await PretendLoadWasSlowAsync(raw);
        using (var caller = new CancellationTokenSource())
        {
            await host.Store.GetAsync("key", refresh.RunAsync, Eager, caller.Token);
            await refresh.Started.WaitAsync(Cancellation);
            await caller.CancelAsync();
        }

        refresh.Release();

        await Eventually.HappensAsync(
            async () => await host.Store.GetAsync("key", refresh.RunAsync, Calm, Cancellation) == "new", "the new value is served");
        Assert.Equal(1, refresh.Runs);
    }

    [Fact]
    public async Task A_refresh_that_an_invalidation_overtakes_is_not_stored()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var refresh = new GatedLoad<string>("outdated");
        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("old"), Eager, Cancellation);
        await PretendLoadWasSlowAsync(raw);
        await host.Store.GetAsync("key", refresh.RunAsync, Eager, Cancellation);
        await refresh.Started.WaitAsync(Cancellation);

        await host.Store.InvalidateKeyAsync("key", Cancellation);
        refresh.Release();
        await refresh.Ended.WaitAsync(Cancellation);

        Assert.Equal("current", await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("current"), Eager, Cancellation));
        Assert.Equal("current", await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("?"), Calm, Cancellation));
    }

    private static async Task PretendLoadWasSlowAsync(RawRedis raw)
    {
        await raw.SettleAsync();
        await raw.Database.StringSetRangeAsync(raw.Name("key"), 20, new byte[] { 255, 255, 255, 255 });
    }
}
