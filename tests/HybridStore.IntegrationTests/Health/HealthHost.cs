using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HybridStore.IntegrationTests.Health;

/// <summary>Stores with a health check, and what it says.</summary>
internal static class HealthHost
{
    public static Task<StoreHost> StartAsync(
        TestServers servers,
        Action<HybridStoreOptions>? configure = null,
        TimeProvider? time = null,
        bool waitForRedis = true,
        HealthStatus? failureStatus = null) =>
        StartAsync(new SingleServers(servers), configure, time, waitForRedis, failureStatus);

    public static Task<StoreHost> StartAsync(
        IStoreServers servers,
        Action<HybridStoreOptions>? configure = null,
        TimeProvider? time = null,
        bool waitForRedis = true,
        HealthStatus? failureStatus = null) =>
        StoreHost.StartAsync(
            servers,
            configure,
            (services, _) =>
            {
                services.AddMetrics();
                services.AddHealthChecks().AddHybridStore(failureStatus: failureStatus);
                if (time is not null)
                {
                    services.AddSingleton(time);
                }
            },
            waitForRedis: waitForRedis);

    public static Task<StoreHost> StartWatchingAsync(
        TestServers servers, IntervalClock time, Action<HybridStoreOptions>? configure = null) =>
        StartWatchingAsync(new SingleServers(servers), time, configure);

    /// <summary>A store that watches its servers, and has looked once.</summary>
    public static async Task<StoreHost> StartWatchingAsync(
        IStoreServers servers, IntervalClock time, Action<HybridStoreOptions>? configure = null)
    {
        var host = await StartAsync(
            servers,
            options =>
            {
                options.ServerWatch.Interval = IntervalClock.Interval;
                configure?.Invoke(options);
            },
            time);
        await time.BeginAsync();
        return host;
    }

    public static async Task<HealthReportEntry> CheckAsync(this StoreHost host)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        return Assert.Single(report.Entries).Value;
    }

    /// <summary>Also tells a failed test what else there was to say.</summary>
    public static void AssertIs(this HealthReportEntry entry, HealthStatus status, string saying = "")
    {
        Assert.True(status == entry.Status, $"It is {entry.Status}: {entry.Description} {entry.Exception}");
        Assert.Contains(saying, entry.Description, StringComparison.Ordinal);
    }
}
