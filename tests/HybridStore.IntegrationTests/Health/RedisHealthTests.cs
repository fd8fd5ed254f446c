using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HybridStore.IntegrationTests.Health;

/// <summary>What the health check says of a Redis that does not serve.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class RedisHealthTests(DisturbedServers servers) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_redis_that_was_never_reached_is_degraded_until_it_is()
    {
        await using var link = RedisLink.To(servers.Redis, connected: false);
        await using var host = await HealthHost.StartAsync(
            servers.Servers, options => options.RedisConnectionString = link.ConnectionString, waitForRedis: false);

        var health = await host.CheckAsync();

        health.AssertIs(HealthStatus.Degraded, "Redis has not been reached yet");
        Assert.Equal("never_reached", health.Data["redis"]);
        link.Connect();
        await Eventually.HappensAsync(async () => (await host.CheckAsync()).Status == HealthStatus.Healthy, "the store is healthy");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_redis_that_nobody_reads_is_found_to_be_gone_and_to_be_back(bool isPaused)
    {
        await using var host = await HealthHost.StartAsync(servers.Servers, options =>
        {
            options.RedisTimeout = TimeSpan.FromMilliseconds(200);
            options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
        });
        await (isPaused ? servers.Redis.PauseAsync(Cancellation) : servers.Redis.StopAsync(Cancellation));

        // Nothing is read: it is the check that finds out, and its calls open the circuit.
        var health = await host.CheckAsync();
        health.AssertIs(HealthStatus.Degraded, "Redis");
        Assert.NotEqual("up", health.Data["redis"]);
        await Eventually.HappensAsync(
            async () => (string)(health = await host.CheckAsync()).Data["redis"] == "circuit_open", "the circuit opens");
        health.AssertIs(HealthStatus.Degraded, "1 of 1 circuit(s) of Redis are open");
        Assert.Equal(1, health.Data["redis.circuits.open"]);

        await (isPaused ? servers.Redis.ResumeAsync(Cancellation) : servers.Redis.StartAsync(Cancellation));
        await Eventually.HappensAsync(async () => (await host.CheckAsync()).Status == HealthStatus.Healthy, "the store is healthy again");
    }

    [Fact]
    public async Task A_circuit_that_is_open_is_degraded_without_a_call()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var host = await HealthHost.StartAsync(servers.Servers, time: time);
        var gets = await servers.CallsOfAsync("get");
        servers.Redis.Proxy.Replies.Stall();
        for (var failure = 0; failure < 3; failure++)
        {
            var reading = host.Store.GetAsync("key", static (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation).AsTask();
            time.Advance(TimeSpan.FromSeconds(2.1));
            await reading;
        }

        await Eventually.HappensAsync(async () => await servers.CallsOfAsync("get") == gets + 3, "the reads have reached Redis");

        // It does not wait either: nobody would answer it, and no time passes.
        (await host.CheckAsync()).AssertIs(HealthStatus.Degraded, "1 of 1 circuit(s) of Redis are open, so reads load from PostgreSQL");
        Assert.Equal(gets + 3, await servers.CallsOfAsync("get"));

        // The break is over and Redis answers: the check is the call that finds out.
        servers.Redis.Proxy.Restore();
        time.Advance(TimeSpan.FromSeconds(30));
        (await host.CheckAsync()).AssertIs(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Invalidations_that_wait_are_degraded_until_they_are_applied()
    {
        await using var host = await HealthHost.StartAsync(servers.Servers, options =>
        {
            options.RedisTimeout = TimeSpan.FromMilliseconds(200);
            options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
        });
        servers.Redis.Proxy.Replies.Stall();
        var receipt = await host.Store.InvalidateAsync(new Invalidation { Keys = ["user:1", "user:2"], Tags = ["team:1"] }, Cancellation);

        var health = await host.CheckAsync();

        health.AssertIs(HealthStatus.Degraded, "3 key(s) and tag(s) wait until Redis takes their invalidation");
        Assert.Equal(3, health.Data["invalidations.pending"]);
        Assert.DoesNotContain("user:", health.Description, StringComparison.Ordinal);
        servers.Redis.Proxy.Restore();
        await receipt.WhenApplied(Cancellation);
        await Eventually.HappensAsync(async () => (await host.CheckAsync()).Status == HealthStatus.Healthy, "the store is healthy again");
    }
}
