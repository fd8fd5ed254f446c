using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Telemetry;

public sealed class ReportTests(ServersFixture servers)
{
    private static readonly EntryOptions Profile = EntryOptions.Policy(PolicyNames.Profile) with { Beta = 0 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_tells_what_each_policy_was_used_for()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var report = host.Services.GetRequiredService<HybridStoreReport>();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host, "key");
        await StoredAsync(report, 1);

        // As if the load had taken two seconds.
        await raw.Database.StringSetRangeAsync(raw.Name("key"), 20, BitConverter.GetBytes(2_000_000));
        await ReadAsync(host, "key");
        await ReadAsync(host, "key");

        var usage = Of(report);
        Assert.Equal((2, 1, 1, 1), (usage.Hits, usage.Misses, usage.Loads, usage.EntriesStored));
        Assert.Equal(TimeSpan.FromSeconds(4), usage.LoadTimeSaved);
        Assert.Equal((await raw.EntryAsync("key"))!.Length, usage.BytesStored);
        Assert.Equal(2.0 / 3, usage.HitRatio);
        Assert.Null(usage.ShareNeverRead);
        Assert.Equal(
            ["default", "inventory", "never", "price", "profile", "static"], report.Policies.Select(policy => policy.Policy));
    }

    [Fact]
    public async Task What_is_over_and_was_never_read_is_told()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var report = host.Services.GetRequiredService<HybridStoreReport>();
        foreach (var key in new[] { "read", "a", "b", "c" })
        {
            await ReadAsync(host, key);
        }

        await StoredAsync(report, 4);
        await ReadAsync(host, "read");
        Assert.Null(Of(report).ShareNeverRead);

        await host.Store.InvalidateAsync(Invalidation.OfKeys("read", "a", "b", "c"), Cancellation);

        Assert.Equal(0.75, Of(report).ShareNeverRead);
    }

    [Fact]
    public async Task It_can_be_read_by_people()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var report = host.Services.GetRequiredService<HybridStoreReport>();
        await ReadAsync(host, "key");
        await StoredAsync(report, 1);

        var lines = report.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.StartsWith("policy", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith("profile ", StringComparison.Ordinal));
        Assert.Single(lines.Select(line => line.Length).Distinct());
        Assert.DoesNotContain("key", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_store_has_its_own()
    {
        await using var host = await StoreHost.StartAsync(servers, register: (services, _) => services.AddKeyedHybridStore("other", options =>
        {
            options.PostgresConnectionString = "Host=localhost";
            options.Mode = HybridStoreMode.PassThrough;
        }));

        Assert.NotSame(
            host.Services.GetRequiredService<HybridStoreReport>(), host.Services.GetRequiredKeyedService<HybridStoreReport>("other"));
    }

    private static PolicyUsage Of(HybridStoreReport report) => report.Policies.Single(policy => policy.Policy == PolicyNames.Profile);

    private static Task StoredAsync(HybridStoreReport report, int entries) =>
        Eventually.HappensAsync(() => Of(report).EntriesStored == entries, "the entries are stored");

    private static async Task ReadAsync(StoreHost host, string key) =>
        await host.Store.GetAsync(key, (_, _) => ValueTask.FromResult(1), Profile, Cancellation);
}
