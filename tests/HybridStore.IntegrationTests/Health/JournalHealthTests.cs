using HybridStore.IntegrationTests.Journaling;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HybridStore.IntegrationTests.Health;

/// <summary>What the health check says of the journal.</summary>
public sealed class JournalHealthTests(ServersFixture servers)
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_journal_that_is_applied_is_healthy_and_its_age_is_told(int partitions)
    {
        await using var journal = await JournalHost.StartAsync(servers, options => options.Partitions = partitions);

        var health = await journal.Host.CheckAsync();

        health.AssertIs(HealthStatus.Healthy);
        Assert.InRange((double)health.Data["journal.mark_age_s"], 0, 10);
    }

    [Fact]
    public async Task A_journal_that_nobody_has_ever_applied_is_degraded()
    {
        await using var journal = await JournalHost.StartAsync(servers, options => options.Partitions = 2, isListening: false);

        var health = await journal.Host.CheckAsync();

        health.AssertIs(HealthStatus.Degraded, "2 of 2 partition(s) have no applied mark");
        Assert.Equal(2, health.Data["journal.unmarked_partitions"]);
    }

    [Fact]
    public async Task A_journal_that_nobody_applies_any_more_is_degraded_once_its_marks_are_too_old()
    {
        await using var leader = await JournalHost.StartAsync(servers);
        await using var other = await JournalHost.StartAsync(
            servers, options => options.Health.JournalLag = TimeSpan.FromSeconds(3), besides: leader, isListening: false);
        (await other.Host.CheckAsync()).AssertIs(HealthStatus.Healthy);

        await leader.DisposeAsync();

        HealthReportEntry health = default;
        await Eventually.HappensAsync(
            async () => (health = await other.Host.CheckAsync()).Status != HealthStatus.Healthy, "the marks are too old");
        health.AssertIs(HealthStatus.Degraded, "s are allowed), so changes of watched tables reach the cache late");
        Assert.InRange((double)health.Data["journal.mark_age_s"], 3, 300);
    }

    [Fact]
    public async Task A_store_without_a_journal_says_nothing_of_it()
    {
        await using var host = await HealthHost.StartAsync(servers.Servers);

        Assert.DoesNotContain((await host.CheckAsync()).Data.Keys, name => name.StartsWith("journal", StringComparison.Ordinal));
    }
}
