using System.Diagnostics.Metrics;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Health;

/// <summary>Fewer reads hit than usual.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class HitRateHealthTests(DisturbedServers servers) : IAsyncLifetime
{
    private const int Dropped = 2100;
    private const int Recovered = 2101;
    private const int Reads = 100;

    private readonly IntervalClock _time = new();
    private int _missed;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_hit_rate_that_drops_is_degraded_and_logged_once_until_it_is_back()
    {
        await using var host = await StartAsync();
        using var rate = CollectorOf(host, "hybridstore.hit_rate");
        using var baseline = CollectorOf(host, "hybridstore.hit_rate.baseline");
        await PassUsualAsync(host);
        var usual = await host.CheckAsync();
        usual.AssertIs(HealthStatus.Healthy);
        Assert.Equal(0.9, usual.Data["hit_rate"]);
        Assert.Equal(0.9, usual.Data["hit_rate.baseline"]);

        for (var interval = 0; interval < 3; interval++)
        {
            await PassAsync(host, hits: 50);
            (await host.CheckAsync()).AssertIs(HealthStatus.Degraded, "The hit rate has dropped from ");
        }

        rate.RecordObservableInstruments();
        baseline.RecordObservableInstruments();
        Assert.Equal(0.5, rate.LastMeasurement!.Value);
        Assert.InRange(baseline.LastMeasurement!.Value, 0.85, 0.9);
        var warning = Assert.Single(host.Logs.GetSnapshot(), log => log.Id.Id == Dropped);
        Assert.Equal(LogLevel.Warning, warning.Level);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), log => log.Id.Id == Recovered);

        await PassAsync(host, hits: 90);
        (await host.CheckAsync()).AssertIs(HealthStatus.Healthy);
        Assert.Single(host.Logs.GetSnapshot(), log => log.Id.Id == Recovered && log.Level == LogLevel.Information);
    }

    [Fact]
    public async Task An_interval_without_reads_changes_nothing_and_has_no_rate()
    {
        await using var host = await StartAsync();
        await PassUsualAsync(host);
        await PassAsync(host, hits: 0);
        await _time.PassAsync();

        var health = await host.CheckAsync();

        health.AssertIs(HealthStatus.Degraded, "too few reads to tell");
        Assert.False(health.Data.ContainsKey("hit_rate"));
        Assert.True(health.Data.ContainsKey("hit_rate.baseline"));
        using var rate = CollectorOf(host, "hybridstore.hit_rate");
        rate.RecordObservableInstruments();
        Assert.Null(rate.LastMeasurement);
    }

    [Fact]
    public async Task Reads_that_do_not_reach_Redis_are_no_misses()
    {
        await using var host = await StartAsync();
        await PassUsualAsync(host);
        servers.Redis.Proxy.Cut();
        await Eventually.HappensAsync(() => !host.Root.Redis!.Session!.Multiplexer.IsConnected, "the connection is lost");
        for (var read = 0; read < Reads; read++)
        {
            var reading = host.Store.GetAsync("hit", static (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation).AsTask();
            while (!reading.IsCompleted)
            {
                // Whatever the client keeps of it while it is not connected is late.
                _time.Advance(TimeSpan.FromSeconds(0.1));
                await Task.WhenAny(reading, Task.Delay(1, Cancellation));
            }

            await reading;
        }

        await _time.PassAsync();

        Assert.False(host.Root.ServerWatch!.HitRate.IsDropped);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), log => log.Id.Id == Dropped);
    }

    private static MetricCollector<double> CollectorOf(StoreHost host, string name) =>
        new(host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", name);

    private async Task<StoreHost> StartAsync()
    {
        var host = await HealthHost.StartWatchingAsync(servers.Servers, _time, options =>
        {
            options.ServerWatch.BaselineHalfLife = TimeSpan.FromMinutes(1);
            options.Defaults = options.Defaults with { TimeToLive = TimeSpan.FromHours(10), Beta = 0 };
        });
        await host.Store.GetAsync("hit", static (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);
        await host.SettleAsync();
        return host;
    }

    /// <summary>A half-life, after which drops are told.</summary>
    private async Task PassUsualAsync(StoreHost host)
    {
        // What was read while the test began is of no interest.
        await _time.PassAsync();
        for (var interval = 0; interval < 6; interval++)
        {
            await PassAsync(host, hits: 90);
        }
    }

    private async Task PassAsync(StoreHost host, int hits)
    {
        for (var read = 0; read < Reads; read++)
        {
            await host.Store.GetAsync(
                read < hits ? "hit" : $"missed:{_missed++}", static (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);
        }

        await host.SettleAsync();
        await _time.PassAsync();
    }
}
