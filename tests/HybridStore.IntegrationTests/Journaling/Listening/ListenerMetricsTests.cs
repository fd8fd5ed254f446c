using System.Diagnostics.Metrics;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>What operators see of the listener.</summary>
public sealed class ListenerMetricsTests(ServersFixture servers)
{
    [Fact]
    public async Task What_is_applied_and_left_out_is_counted_and_its_lag_is_measured()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        using var applied = CollectorOf<long>(journal, "applied");
        using var skipped = CollectorOf<long>(journal, "skipped");
        using var lag = CollectorOf<double>(journal, "lag");
        await journal.ExecuteAsync("update item set owner = null where id = 1");
        await journal.SettleAsync();

        // The key once; the old row's tag, and of the new row none.
        Assert.Equal(2, applied.GetMeasurementSnapshot().Sum(measurement => measurement.Value));
        Assert.Equal(1, skipped.GetMeasurementSnapshot().Sum(measurement => measurement.Value));
        Assert.All(lag.GetMeasurementSnapshot(), measurement => Assert.InRange(measurement.Value, 0, 60));
        Assert.NotEmpty(lag.GetMeasurementSnapshot());
    }

    [Fact]
    public async Task Who_leads_how_old_the_marks_are_and_how_often_it_began_anew_can_be_seen()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        using var leader = CollectorOf<int>(journal, "leader");
        using var age = CollectorOf<double>(journal, "mark.age");
        using var backlog = CollectorOf<long>(journal, "backlog");
        using var reconnects = CollectorOf<long>(journal, "reconnects");
        leader.RecordObservableInstruments();
        age.RecordObservableInstruments();
        backlog.RecordObservableInstruments();
        Assert.Equal(1, leader.LastMeasurement?.Value);
        Assert.InRange(age.LastMeasurement!.Value, 0, 60);
        Assert.Equal(0, backlog.LastMeasurement?.Value);

        await journal.TerminateListenersAsync();
        await Eventually.HappensAsync(() => reconnects.GetMeasurementSnapshot().Count > 0, "it begins anew");
        await journal.LeadsAsync();
    }

    [Fact]
    public async Task Replays_and_raises_are_counted()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        using var replays = CollectorOf<long>(journal, "replays");
        using var raises = CollectorOf<long>(journal, "raises");
        var before = await RedisMemory.OfAsync(journal.Redis, journal.Host.Prefix);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();
        await before.RestoreAsync(journal.Redis);
        await Eventually.HappensAsync(() => replays.GetMeasurementSnapshot().Count > 0, "the journal is applied again");
        Assert.Empty(raises.GetMeasurementSnapshot());

        await journal.ExecuteAsync("truncate item");
        await journal.SettleAsync();
        Assert.Equal(1, raises.GetMeasurementSnapshot().Sum(measurement => measurement.Value));
    }

    private static MetricCollector<T> CollectorOf<T>(JournalHost journal, string name)
        where T : struct =>
        new(journal.Host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", $"hybridstore.journal.{name}");
}
