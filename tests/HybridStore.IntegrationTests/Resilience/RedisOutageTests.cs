using HybridStore.IntegrationTests.Reading;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Redis goes and comes while callers read: none of them notices more than a longer wait.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class RedisOutageTests(DisturbedServers servers) : IAsyncLifetime
{
    private const int Callers = 32;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Redis_killed_in_mid_run_fails_no_read()
    {
        await using var host = await StartAsync();
        await using var traffic = new ReadTraffic(host, Callers);
        await traffic.ContinueAsync();

        await servers.Redis.KillAsync(Cancellation);
        await traffic.ContinueAsync();
        await servers.Redis.StartAsync(Cancellation);
        await traffic.ContinueAsync();

        await AssertCachesAsync(host);
        await traffic.StopAsync();
    }

    [Fact]
    public async Task Redis_paused_and_resumed_fails_no_read()
    {
        await using var host = await StartAsync();
        await using var traffic = new ReadTraffic(host, Callers);
        await traffic.ContinueAsync();

        await servers.Redis.PauseAsync(Cancellation);
        await traffic.ContinueAsync();
        await servers.Redis.ResumeAsync(Cancellation);
        await traffic.ContinueAsync();

        await AssertCachesAsync(host);
        await traffic.StopAsync();
    }

    [Fact]
    public async Task Connections_that_are_reset_under_load_fail_no_read()
    {
        await using var host = await StartAsync();
        await using var traffic = new ReadTraffic(host, Callers);
        for (var reset = 0; reset < 5; reset++)
        {
            await traffic.ContinueAsync();
            servers.Redis.Proxy.Reset();
        }

        await AssertCachesAsync(host);
        await traffic.StopAsync();
    }

    [Fact]
    public async Task Redis_restarted_empty_is_refilled_and_its_layout_recorded_again()
    {
        await using var host = await StartAsync(options => options.Partitions = 8);
        var loads = new NumberedLoads();
        await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation);
        Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));

        await servers.Redis.RestartAsync(Cancellation);

        await AssertCachesAsync(host);
        Assert.NotEqual(1, await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        await Eventually.HappensAsync(
            async () => (string?)await host.RedisAsync("HGET", $"{host.Prefix}:layout", "partitions") == "8",
            "the layout is recorded again");
        await using var other = await StoreHost.StartAsync(servers.Servers, besides: host);
        Assert.Equal(8, other.Root.Redis!.Session!.Layout.Partitions.Count);
    }

    [Fact]
    public async Task A_handshake_that_fails_after_a_restart_is_repeated()
    {
        await using var host = await StartAsync(options => options.Partitions = 8);
        using (var held = servers.Redis.Proxy.HoldRequest($"{host.Prefix}:layout"))
        {
            await servers.Redis.RestartAsync(Cancellation);
            await held.Arrived.WaitAsync(Cancellation);
            await servers.Redis.RunAsync("ACL", "SETUSER", "default", "-eval", "-evalsha");
        }

        // The connection stays, so that nothing but the store's own repetition can bring the record back.
        await Eventually.HappensAsync(
            () => host.Logs.GetSnapshot().Any(log => log.Id.Id == 1002 && log.Level == LogLevel.Warning), "the handshake fails");
        Assert.Equal(0, (long)await servers.Redis.RunAsync("EXISTS", $"{host.Prefix}:layout"));
        await servers.Redis.RunAsync("ACL", "SETUSER", "default", "+@all");

        await Eventually.HappensAsync(
            async () => (string?)await host.RedisAsync("HGET", $"{host.Prefix}:layout", "partitions") == "8",
            "the layout is recorded again");
        await AssertCachesAsync(host);
    }

    private static Task AssertCachesAsync(StoreHost host)
    {
        var loads = new NumberedLoads();
        return Eventually.HappensAsync(
            async () => await host.Store.GetAsync("cached", loads.RunAsync, cancellationToken: Cancellation)
                == await host.Store.GetAsync("cached", loads.RunAsync, cancellationToken: Cancellation),
            "a second read is served from Redis");
    }

    private Task<StoreHost> StartAsync(Action<HybridStoreOptions>? configure = null) => StoreHost.StartAsync(
        servers.Servers,
        options =>
        {
            options.RedisTimeout = TimeSpan.FromMilliseconds(300);
            options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
            configure?.Invoke(options);
        });
}
