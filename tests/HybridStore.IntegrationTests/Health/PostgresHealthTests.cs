using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HybridStore.IntegrationTests.Health;

/// <summary>What the health check says of PostgreSQL.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class PostgresHealthTests(DisturbedServers servers) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_store_whose_servers_serve_is_healthy_and_tells_its_figures()
    {
        await using var host = await HealthHost.StartAsync(servers.Servers);

        var health = await host.CheckAsync();

        health.AssertIs(HealthStatus.Healthy);
        Assert.Equal("up", health.Data["postgres"]);
        Assert.InRange((double)health.Data["postgres.latency_ms"], 0, 60_000);
        Assert.Equal("up", health.Data["redis"]);
        Assert.Equal(1, health.Data["redis.circuits"]);
        Assert.Equal(0, health.Data["redis.circuits.open"]);
        Assert.Equal("nothing", health.Data["redis.evicts"]);
        Assert.Equal(0, health.Data["invalidations.pending"]);
    }

    [Fact]
    public async Task A_postgres_that_is_stopped_is_unhealthy_until_it_runs_again()
    {
        await using var host = await HealthHost.StartAsync(servers.Servers);
        await servers.Postgres.StopAsync(Cancellation);

        var down = await host.CheckAsync();

        down.AssertIs(HealthStatus.Unhealthy, "PostgreSQL does not answer");
        Assert.Equal("down", down.Data["postgres"]);
        Assert.Equal("up", down.Data["redis"]);

        await servers.Postgres.StartAsync(Cancellation);
        await Eventually.HappensAsync(async () => (await host.CheckAsync()).Status == HealthStatus.Healthy, "the store is healthy again");
    }

    [Fact]
    public async Task A_postgres_that_is_frozen_is_unhealthy_as_soon_as_its_time_is_over()
    {
        await using var host = await HealthHost.StartAsync(
            servers.Servers, options => options.Health.ProbeTimeout = TimeSpan.FromSeconds(0.5));
        (await host.CheckAsync()).AssertIs(HealthStatus.Healthy);
        await servers.Postgres.PauseAsync(Cancellation);

        var frozen = await host.CheckAsync();
        await servers.Postgres.ResumeAsync(Cancellation);

        frozen.AssertIs(HealthStatus.Unhealthy, "PostgreSQL does not answer (not within 0.5 s)");
    }

    [Fact]
    public async Task What_a_postgres_that_is_down_is_reported_as_can_be_chosen()
    {
        await using var host = await HealthHost.StartAsync(servers.Servers, failureStatus: HealthStatus.Degraded);
        await servers.Postgres.StopAsync(Cancellation);

        (await host.CheckAsync()).AssertIs(HealthStatus.Degraded, "PostgreSQL does not answer");
    }

    [Fact]
    public async Task The_worst_is_the_result_and_all_problems_are_told()
    {
        await using var host = await HealthHost.StartAsync(
            servers.Servers, options => options.RedisTimeout = TimeSpan.FromMilliseconds(200));
        await servers.Postgres.StopAsync(Cancellation);
        await servers.Redis.StopAsync(Cancellation);

        var health = await host.CheckAsync();

        health.AssertIs(HealthStatus.Unhealthy, "PostgreSQL does not answer");
        Assert.Contains("Redis", health.Description, StringComparison.Ordinal);
        Assert.Equal("down", health.Data["postgres"]);
        Assert.NotEqual("up", health.Data["redis"]);
    }
}
