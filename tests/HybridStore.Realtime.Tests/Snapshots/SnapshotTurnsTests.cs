using System.Diagnostics;

namespace HybridStore.Realtime.Tests.Snapshots;

public class SnapshotTurnsTests(ServersFixture fixture)
{
    private const int SnapshotFailed = 3210;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_several_instances_one_takes_the_snapshot_of_an_interval()
    {
        var began = Stopwatch.GetTimestamp();
        await using var first = await StartAsync();
        await using var second = await StartAsync(first);
        await using var third = await StartAsync(first);
        RealtimeHost[] instances = [first, second, third];
        var board = first.Get<ILeaderboards>().Get("points");
        var taken = 0;
        var number = 0;
        await Eventually.HappensAsync(async () =>
        {
            await board.SetAsync("a", number++, Cancellation);
            return (taken = instances.Sum(Taken)) >= 6;
        });

        // One more than whole intervals have passed is as many as there can be.
        Assert.InRange(taken, 1, (Stopwatch.GetElapsedTime(began) / Interval) + 1);
    }

    [Fact]
    public async Task When_PostgreSQL_is_back_the_next_try_writes_what_has_waited()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("points");
        Assert.Equal(0, await board.CountAsync(Cancellation));
        await host.ExecuteAsync("alter table hybridstore_realtime.snapshot_entry rename to hidden");
        await board.SetAsync("a", 1, Cancellation);
        await host.LoggedAsync(SnapshotFailed);
        await host.ExecuteAsync("alter table hybridstore_realtime.hidden rename to snapshot_entry");

        await Eventually.HappensAsync(
            async () => await host.ScalarAsync<long>("select count(*) from hybridstore_realtime.snapshot_entry") > 0);
    }

    private static int Taken(RealtimeHost host) => host.Logs.GetSnapshot().Count(line => line.Id.Id == 3211);

    private Task<RealtimeHost> StartAsync(RealtimeHost? besides = null) => SnapshotScene.StartAsync(
        fixture.Servers,
        options =>
        {
            options.Interval = Interval;
            options.History = TimeSpan.FromDays(1);
        },
        besides);
}
