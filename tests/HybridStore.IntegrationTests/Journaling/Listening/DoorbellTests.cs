using System.Diagnostics.Metrics;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>Changes ring for a listener that sleeps, and for no other.</summary>
public sealed class DoorbellTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sleeping_listener_is_woken_long_before_its_slow_poll()
    {
        await using var journal = await JournalHost.StartAsync(servers, SlowPoll);
        using var bells = new MetricCollector<long>(journal.Host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.journal.bells");
        await FallsAsleepAsync(journal);
        await journal.ReadAsync(1);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await Eventually.HappensAsync(async () => !await journal.IsCachedAsync(1), "the change is applied");

        Assert.Contains(bells.GetMeasurementSnapshot(), bell => bell.Tags["hybridstore.result"] is "rung");
    }

    [Fact]
    public async Task While_it_polls_changes_come_without_a_ring()
    {
        await using var journal = await JournalHost.StartAsync(servers, SlowPoll);
        using var bells = new MetricCollector<long>(journal.Host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.journal.bells");
        for (var value = 1; value <= 200; value++)
        {
            await journal.ExecuteAsync($"update item set value = {value} where id = 1");
        }

        await journal.SettleAsync();
        var rung = bells.GetMeasurementSnapshot().Where(bell => bell.Tags["hybridstore.result"] is "rung").Sum(bell => bell.Value);
        var saved = bells.GetMeasurementSnapshot().Where(bell => bell.Tags["hybridstore.result"] is "saved").Sum(bell => bell.Value);
        Assert.InRange(rung, 0, 199);
        Assert.InRange(saved, 1, 200);
    }

    [Fact]
    public async Task A_writer_that_saw_it_awake_and_commits_late_is_heard_all_the_same()
    {
        await using var journal = await JournalHost.StartAsync(servers, SlowPoll);
        await journal.ReadAsync(1);
        await journal.ExecuteAsync("update item set value = 1 where id = 2");
        await using var connection = await journal.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var command = new Npgsql.NpgsqlCommand("update item set value = 1 where id = 1", connection, transaction);
        await command.ExecuteNonQueryAsync(Cancellation);
        await Eventually.HappensAsync(() => IsSaidToSleepAsync(journal), "the time is over for which it was said to be awake");
        await transaction.CommitAsync(Cancellation);

        await Eventually.HappensAsync(async () => !await journal.IsCachedAsync(1), "the change is applied");
    }

    [Fact]
    public async Task Where_nobody_may_ring_the_slow_poll_finds_what_has_changed()
    {
        await using var journal = await JournalHost.StartAsync(servers, options => options.Journal.RingDoorbell = false);
        using var bells = new MetricCollector<long>(journal.Host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.journal.bells");
        await journal.ReadAsync(1);
        await journal.ExecuteAsync("begin; update item set value = 1 where id = 1; commit");
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1));
        Assert.DoesNotContain(bells.GetMeasurementSnapshot(), bell => bell.Tags["hybridstore.result"] is "rung");
    }

    private static void SlowPoll(HybridStoreOptions options) => options.Journal.MarkInterval = TimeSpan.FromSeconds(10);

    private static async Task FallsAsleepAsync(JournalHost journal)
    {
        await Eventually.HappensAsync(() => IsSaidToSleepAsync(journal), "the time is over for which it was said to be awake");
        await Eventually.HappensAsync(
            async () =>
            {
                await using var command = journal.Host.DataSource.CreateCommand(
                    "select 1 from pg_stat_activity where application_name = 'HybridStore listener' and datname = current_database() "
                    + "and state = 'idle' and clock_timestamp() - state_change > interval '300 ms'");
                return await command.ExecuteScalarAsync(Cancellation) is not null;
            },
            "the listener asks nothing any more");
    }

    private static async Task<bool> IsSaidToSleepAsync(JournalHost journal)
    {
        await using var command = journal.Host.DataSource.CreateCommand(
            "select last_value < extract(epoch from clock_timestamp()) * 1000000 from hybridstore.bell");
        return (bool)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}
