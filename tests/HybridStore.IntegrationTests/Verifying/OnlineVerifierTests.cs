using System.Diagnostics.Metrics;
using HybridStore.IntegrationTests.Health;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Verifying;

/// <summary>Hits that are loaded again and compared, on real servers.</summary>
public sealed class OnlineVerifierTests(ServersFixture servers)
{
    private const string Query = "select p.name || ' by ' || v.name from product p join vendor v on v.id = p.vendor where p.id = @id";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_query_that_reads_a_table_nobody_invalidates_for_is_found_told_and_put_right()
    {
        await using var host = await StartAsync();
        var results = Results(host);
        Assert.Equal("Pot by Ann", await ReadAsync(host));
        await host.SettleAsync();
        await host.ExecuteAsync("update vendor set name = 'Bob'");

        Assert.Equal("Pot by Ann", await ReadAsync(host));
        await AdvanceUntilAsync(() => Count(results, "different") == 1, "the difference is found");

        var health = await host.CheckAsync();
        health.AssertIs(HealthStatus.Degraded, "Cached values were found that differ");
        Assert.Equal(1L, health.Data["verifier.differences"]);
        await Eventually.HappensAsync(
            async () => await ReadAsync(host) == "Pot by Bob", "the entry is removed");
        var logs = host.Logs.GetSnapshot();
        var error = Assert.Single(logs, log => log.Level == LogLevel.Error);
        Assert.DoesNotContain("product:1", error.Message, StringComparison.Ordinal);
        var explanation = Assert.Single(logs, log => log.Id.Id == 2001);
        Assert.Equal(LogLevel.Debug, explanation.Level);
        Assert.Contains("product:1", explanation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_invalidated_within_the_grace_time_is_no_difference()
    {
        await using var host = await StartAsync();
        var results = Results(host);
        await ReadAsync(host);
        await host.SettleAsync();
        var loads = LoadsOf(host);
        await host.ExecuteAsync("update product set name = 'Pan'");
        await ReadAsync(host);
        await Eventually.HappensAsync(() => loads.GetMeasurementSnapshot().Count == 2, "the verifier has loaded twice and waits");

        await host.Store.InvalidateKeyAsync("product:1", Cancellation);

        await AdvanceUntilAsync(() => Count(results, "settled") == 1, "it settles");
        Assert.Equal(0, Count(results, "different"));
        Assert.Equal("Pan by Ann", await ReadAsync(host));
    }

    [Fact]
    public async Task What_nobody_changes_is_the_same()
    {
        await using var host = await StartAsync();
        var results = Results(host);
        await ReadAsync(host);
        await host.SettleAsync();

        for (var read = 1; read <= 10; read++)
        {
            await ReadAsync(host);
            await Eventually.HappensAsync(() => Count(results, "same") == read, "it is compared");
        }

        Assert.Equal(10, results.GetMeasurementSnapshot().Count);
    }

    [Fact]
    public async Task A_load_that_depends_on_chance_is_no_difference()
    {
        await using var host = await StartAsync();
        var results = Results(host);
        await host.Store.GetAsync<double>("dice", "select random()", cancellationToken: Cancellation);
        await host.SettleAsync();

        await host.Store.GetAsync<double>("dice", "select random()", cancellationToken: Cancellation);

        await Eventually.HappensAsync(() => Count(results, "unstable") == 1, "it is found out");
        Assert.Contains(host.Logs.GetSnapshot(), log => log.Id.Id == 2002);
    }

    [Fact]
    public async Task An_entry_without_a_snapshot_allows_no_verdict()
    {
        await using var host = await StartAsync();
        var results = Results(host);
        await ReadUnstampedAsync(host);
        await host.SettleAsync();

        await ReadUnstampedAsync(host);

        await Eventually.HappensAsync(() => Count(results, "unstamped") == 1, "it is left alone");
    }

    [Fact]
    public async Task A_load_that_brings_its_own_access_is_not_run_behind_its_caller()
    {
        await using var host = await StartAsync();
        var (results, loads) = (Results(host), 0);
        for (var read = 0; read < 5; read++)
        {
            await host.Store.GetAsync("own", _ => new ValueTask<int>(++loads), cancellationToken: Cancellation);
            await host.SettleAsync();
        }

        Assert.Equal(1, loads);
        Assert.Empty(results.GetMeasurementSnapshot());
    }

    [Fact]
    public async Task A_load_that_fails_leaves_the_entry_alone()
    {
        await using var host = await StartAsync();
        var results = Results(host);
        await ReadAsync(host);
        await host.SettleAsync();
        await host.ExecuteAsync("drop table vendor");

        Assert.Equal("Pot by Ann", await ReadAsync(host));

        await Eventually.HappensAsync(() => Count(results, "failed") == 1, "the load fails");
        Assert.Equal("Pot by Ann", await ReadAsync(host));
    }

    private static MetricCollector<long> Results(StoreHost host) =>
        new(host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.verifications");

    private static MetricCollector<double> LoadsOf(StoreHost host) =>
        new(host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.load.duration");

    private static int Count(MetricCollector<long> results, string result) =>
        results.GetMeasurementSnapshot().Count(measured => (string?)measured.Tags["hybridstore.result"] == result);

    private static ValueTask<string?> ReadAsync(StoreHost host) =>
        host.Store.GetAsync<string>("product:1", Query, new { id = 1 }, cancellationToken: Cancellation);

    private static ValueTask<int> ReadUnstampedAsync(StoreHost host) => host.Store.GetAsync(
        "constant", 7, static (state, _, _) => new ValueTask<int>(state), cancellationToken: Cancellation);

    /// <summary>Moves the time of the grace on until what is waited for has happened.</summary>
    private Task AdvanceUntilAsync(Func<bool> condition, string what) => Eventually.HappensAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        },
        what);

    private async Task<StoreHost> StartAsync()
    {
        var host = await StoreHost.StartAsync(
            servers.Servers,
            options =>
            {
                options.VerifyRate = 1;

                // Time moves in steps of a second here, whatever is under way.
                options.RedisTimeout = TimeSpan.FromMinutes(1);
                options.Defaults = new EntryOptions { Beta = 0, TimeToLive = TimeSpan.FromHours(1) };
            },
            (services, _) =>
            {
                services.AddMetrics();
                services.AddHealthChecks().AddHybridStore();
                services.AddSingleton<TimeProvider>(_time);
            });
        await host.ExecuteAsync(
            """
            create table vendor (id int primary key, name text not null);
            create table product (id int primary key, vendor int not null, name text not null);
            insert into vendor values (1, 'Ann');
            insert into product values (1, 1, 'Pot');
            """);
        return host;
    }
}
