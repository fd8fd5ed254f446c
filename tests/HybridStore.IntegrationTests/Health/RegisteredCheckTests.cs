using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HybridStore.IntegrationTests.Health;

/// <summary>Which store a health check is of.</summary>
public sealed class RegisteredCheckTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_store_has_a_check_of_its_own()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = "Host=127.0.0.1;Port=1;Username=app;Password=s3cret-of-postgres;Timeout=5";
            options.Mode = HybridStoreMode.PassThrough;
        });
        services.AddKeyedHybridStore("orders", options =>
        {
            options.PostgresConnectionString = database;
            options.Mode = HybridStoreMode.PassThrough;
        });
        services.AddHealthChecks()
            .AddHybridStore(tags: ["ready"])
            .AddHybridStore(storeKey: "orders")
            .AddHybridStore("by name", "orders", HealthStatus.Degraded, timeout: TimeSpan.FromSeconds(30));

        var report = await CheckAsync(services);

        Assert.Equal(["by name", "hybridstore", "hybridstore-orders"], report.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["hybridstore"].Status);
        Assert.Equal(["ready"], report.Entries["hybridstore"].Tags);
        report.Entries["hybridstore-orders"].AssertIs(HealthStatus.Healthy);
        report.Entries["by name"].AssertIs(HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_store_that_passes_through_says_nothing_of_Redis()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = database;
            options.Mode = HybridStoreMode.PassThrough;
            options.Journal.Enabled = true;
        });
        services.AddHealthChecks().AddHybridStore();

        var entry = Assert.Single((await CheckAsync(services)).Entries).Value;

        entry.AssertIs(HealthStatus.Healthy);
        Assert.Equal(
            ["loads.limit", "loads.queued", "loads.rejected", "loads.running", "postgres", "postgres.latency_ms"],
            entry.Data.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Neither_description_nor_data_quote_connection_strings()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = "Host=127.0.0.1;Port=1;Username=app;Password=s3cret-of-postgres;Timeout=5";
            options.RedisConnectionString = "127.0.0.1:1,password=s3cret-of-redis";
        });
        services.AddHealthChecks().AddHybridStore();

        var entry = Assert.Single((await CheckAsync(services)).Entries).Value;

        entry.AssertIs(HealthStatus.Unhealthy, "PostgreSQL does not answer (NpgsqlException)");
        Assert.Null(entry.Exception);
        var all = entry.Description + string.Join(' ', entry.Data.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.DoesNotContain("s3cret", all, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", all, StringComparison.Ordinal);
        Assert.DoesNotContain("app", entry.Data.Values.Select(value => value.ToString()));
    }

    [Theory]
    [InlineData(null, "There is no store to check: call services.AddHybridStore(...)")]
    [InlineData("order", "There is no store with the key order to check")]
    public async Task A_check_of_a_store_that_does_not_exist_says_what_to_do(string? key, string message)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddKeyedHybridStore("orders", options => options.Mode = HybridStoreMode.PassThrough);
        services.AddHealthChecks().AddHybridStore(storeKey: key);

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => CheckAsync(services));

        Assert.StartsWith(message, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_in_memory_has_nothing_that_could_be_down()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddHybridStore(options => options.PostgresConnectionString = "Host=127.0.0.1;Port=1");
        services.AddHealthChecks().AddHybridStore();
        services.AddInMemoryHybridStore();

        var entry = Assert.Single((await CheckAsync(services)).Entries).Value;

        entry.AssertIs(HealthStatus.Healthy);
        Assert.Empty(entry.Data);
    }

    private static async Task<HealthReport> CheckAsync(ServiceCollection services)
    {
        await using var provider = services.BuildServiceProvider();
        return await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);
    }
}
