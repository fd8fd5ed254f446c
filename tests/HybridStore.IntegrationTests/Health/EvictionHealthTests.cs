using HybridStore.IntegrationTests.Resilience;
using HybridStore.Redis;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HybridStore.IntegrationTests.Health;

/// <summary>What Redis evicts is changed while stores run.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class EvictionHealthTests(DisturbedServers servers) : IAsyncLifetime
{
    private const int EvictsTags = 1009;
    private const int EvictionChanged = 2104;

    private readonly IntervalClock _time = new();

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(false, "values with tags are not cached")]
    [InlineData(true, "the invalidation of a tag may leave entries behind")]
    public async Task A_redis_that_may_evict_what_tags_need_is_degraded_also_where_the_application_insists(bool insists, string consequence)
    {
        await using var host = await HealthHost.StartWatchingAsync(
            servers.Servers, _time, options => options.AllowTagsUnderAllKeysEviction = insists);
        (await host.CheckAsync()).AssertIs(HealthStatus.Healthy);
        await SetAsync("allkeys-lru", "200mb");
        await _time.PassAsync(2);

        var health = await host.CheckAsync();

        health.AssertIs(HealthStatus.Degraded, consequence);
        Assert.Contains("set maxmemory-policy to", health.Description, StringComparison.Ordinal);
        Assert.Equal("allkeys-lru", health.Data["redis.eviction_policy"]);
        Assert.Equal("everything", health.Data["redis.evicts"]);
        Assert.Equal(1, CountOf(host, EvictsTags));
        Assert.Equal(1, CountOf(host, EvictionChanged));
        Assert.Equal(!insists, host.Root.Gateway!.RefusesTags);

        await SetAsync("volatile-lfu", "200mb");
        await _time.PassAsync();

        var repaired = await host.CheckAsync();
        repaired.AssertIs(HealthStatus.Healthy);
        Assert.Equal("volatile-lfu", repaired.Data["redis.eviction_policy"]);
        Assert.Equal("expiring", repaired.Data["redis.evicts"]);
        Assert.Equal(2, CountOf(host, EvictionChanged));
    }

    [Fact]
    public async Task The_same_policy_without_a_limit_is_healthy()
    {
        await SetAsync("allkeys-lru", "0");
        await using var host = await HealthHost.StartWatchingAsync(servers.Servers, _time);

        (await host.CheckAsync()).AssertIs(HealthStatus.Healthy);
        Assert.Equal(EvictionScope.Nothing, host.Root.Redis!.Session!.Eviction);
    }

    [Fact]
    public async Task What_was_told_at_start_counts_where_servers_are_not_watched()
    {
        await SetAsync("allkeys-lru", "200mb");
        await using var host = await HealthHost.StartAsync(servers.Servers);

        var health = await host.CheckAsync();

        health.AssertIs(HealthStatus.Degraded, "maxmemory-policy allkeys-*");
        Assert.False(health.Data.ContainsKey("redis.eviction_policy"));
    }

    private static int CountOf(StoreHost host, int eventId) => host.Logs.GetSnapshot().Count(log => log.Id.Id == eventId);

    private async Task SetAsync(string policy, string limit)
    {
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory-policy", policy);
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", limit);
    }
}
