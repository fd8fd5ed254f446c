using System.Diagnostics.Metrics;
using HybridStore.IntegrationTests.Health;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace HybridStore.IntegrationTests.Clustering;

/// <summary>Several masters are watched one by one, and one that dies is told.</summary>
public sealed class WatchedClusterTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RedisCluster Cluster => fixture.Cluster;

    [Fact]
    public async Task Each_master_has_figures_of_its_own()
    {
        var time = new IntervalClock();
        await using var host = await HealthHost.StartWatchingAsync(fixture, time);
        var masters = host.Root.Redis!.Session!.Multiplexer.GetServers().Count(server => server is { IsConnected: true, IsReplica: false });
        Assert.True(masters > 1);
        using var used = new MetricCollector<long>(
            host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.redis.memory.used");

        used.RecordObservableInstruments();

        var told = used.GetMeasurementSnapshot();
        Assert.Equal(masters, told.Count);
        Assert.Equal(masters, told.Select(one => (one.Tags["server.address"], one.Tags["server.port"])).Distinct().Count());
    }

    [Fact]
    public async Task A_master_that_dies_is_degraded_until_its_replica_has_taken_over()
    {
        await using var host = await HealthHost.StartAsync(fixture, options =>
        {
            options.RedisTimeout = TimeSpan.FromMilliseconds(500);
            options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(1);
        });
        var healthy = await host.CheckAsync();
        healthy.AssertIs(HealthStatus.Healthy);
        Assert.Equal(16, healthy.Data["redis.circuits"]);

        await (await Cluster.MasterOfAsync(host.SlotOf(0))).KillAsync(Cancellation);

        HealthReportEntry health = default;
        await Eventually.HappensAsync(
            async () => (string)(health = await host.CheckAsync()).Data["redis"] == "circuit_open", "the circuits of that master open");
        health.AssertIs(HealthStatus.Degraded, " of 16 circuit(s) of Redis are open");
        Assert.InRange((int)health.Data["redis.circuits.open"], 1, 15);
        await Eventually.HappensAsync(async () => (await host.CheckAsync()).Status == HealthStatus.Healthy, "the replica serves");
    }
}
