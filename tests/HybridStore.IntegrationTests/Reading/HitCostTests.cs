using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>Counts what reaches Redis, on a server that nobody else uses meanwhile.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class HitCostTests(DisturbedServers servers) : IAsyncLifetime
{
    private static readonly string[] DataCommands =
        ["get", "mget", "set", "exists", "evalsha", "eval", "ttl", "pttl", "time", "getrange", "hmget", "hgetall", "zadd", "unlink", "del"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_hit_costs_one_get_and_nothing_else()
    {
        const int Hits = 25;
        await using var host = await StoreHost.StartAsync(servers.Servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation);
        await raw.SettleAsync();
        var before = await CallsAsync();

        for (var hit = 0; hit < Hits; hit++)
        {
            Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        }

        var after = await CallsAsync();
        var made = DataCommands.ToDictionary(command => command, command => after[command] - before[command]);
        Assert.Equal(Hits, made["get"]);
        Assert.Equal(Hits, made.Values.Sum());
    }

    [Fact]
    public async Task A_miss_costs_one_get_and_one_script()
    {
        await using var host = await StoreHost.StartAsync(servers.Servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.Store.GetAsync("first", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);
        await raw.SettleAsync();
        var before = await CallsAsync();

        await host.Store.GetAsync("second", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);

        await raw.SettleAsync();
        var after = await CallsAsync();
        Assert.Equal((1, 1), (after["get"] - before["get"], after["evalsha"] - before["evalsha"]));
    }

    [Fact]
    public async Task Reads_past_the_cache_cost_nothing_in_redis()
    {
        await using var host = await StoreHost.StartAsync(servers.Servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.Store.GetAsync("stock", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);
        await raw.SettleAsync();
        var before = await CallsAsync();

        await host.Store.GetAsync("stock", (_, _) => ValueTask.FromResult(2), EntryOptions.Never, Cancellation);
        await host.Store.With(new ReadOptions { SkipCache = true })
            .GetAsync("stock", (_, _) => ValueTask.FromResult(3), cancellationToken: Cancellation);

        await raw.SettleAsync();
        Assert.Equal(before, await CallsAsync());
    }

    private async Task<Dictionary<string, long>> CallsAsync()
    {
        var calls = new Dictionary<string, long>();
        foreach (var command in DataCommands)
        {
            calls[command] = await servers.CallsOfAsync(command);
        }

        return calls;
    }
}
