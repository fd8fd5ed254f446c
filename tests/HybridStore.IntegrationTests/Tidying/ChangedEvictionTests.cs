using HybridStore.IntegrationTests.Resilience;
using HybridStore.Redis;

namespace HybridStore.IntegrationTests.Tidying;

/// <summary>What Redis evicts can be changed while it runs, and is asked again with each turn of the janitor.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class ChangedEvictionTests(DisturbedServers servers) : IAsyncLifetime
{
    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_policy_that_was_changed_is_noticed()
    {
        await using var host = await StoreHost.StartAsync(servers.Servers, options => options.JanitorInterval = TimeSpan.Zero);
        var before = host.Root.Redis!.Session!;
        Assert.Equal(EvictionScope.Nothing, before.Eviction);
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "200mb");
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");

        await host.Root.Janitor!.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(EvictionScope.Everything, host.Root.Redis.Session!.Eviction);
        Assert.Same(before.Generations, host.Root.Redis.Session.Generations);
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
        await host.Root.Janitor.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(EvictionScope.Expiring, host.Root.Redis.Session.Eviction);
    }
}
