using System.Diagnostics;
using HybridStore.Realtime.Snapshots;

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

    [Fact]
    public async Task Who_dies_in_its_turn_is_replaced_before_the_next_and_who_was_seen_lately_is_not()
    {
        await using var first = await SnapshotScene.StartAsync(fixture.Servers);
        await first.Get<ILeaderboards>().Get("points").SetAsync("a", 1, Cancellation);

        // What somebody leaves behind who has begun, written for some minutes, and was killed.
        await Eventually.HappensAsync(async () => await first.ScalarAsync<long>("select count(*) from hybridstore_realtime.snapshot_run") == 1);
        await first.ExecuteAsync(
            "update hybridstore_realtime.snapshot_run set began_at = now() - interval '5 min', seen_at = now() - interval '2 min'");
        var began = await BeganAtAsync(first);
        await using var second = await SnapshotScene.StartAsync(fixture.Servers, besides: first);

        await Eventually.HappensAsync(
            async () => await first.ScalarAsync<long>("select count(*) from hybridstore_realtime.snapshot_run where seen_at is null") == 1);
        Assert.Equal(1, Taken(second));
        Assert.Equal(1, await first.ScalarAsync<long>("select count(*) from hybridstore_realtime.snapshot_entry"));

        // The next is due when it was due before.
        Assert.Equal(began, await BeganAtAsync(first));

        // Somebody who is at it is left alone, however long ago it began, and shows it with each transaction.
        await first.Get<ILeaderboards>().Get("points").SetAsync("a", 2, Cancellation);
        await first.ExecuteAsync(
            "update hybridstore_realtime.snapshot_run set began_at = now() - interval '5 hours', seen_at = now() - interval '59 s'");
        var seen = await SeenAtAsync(first);
        await first.Get<ISnapshots>().TakeAsync(Cancellation);
        Assert.InRange(await SeenAtAsync(first), seen + TimeSpan.FromSeconds(50), DateTime.MaxValue);
        await using var third = await SnapshotScene.StartAsync(fixture.Servers, besides: first);
        var table = new SnapshotTable(third.Root, third.Prefix);
        Assert.NotNull(await table.ClaimAsync(TimeSpan.FromDays(1), TimeSpan.FromMinutes(1), isOurs: false, Cancellation));
        Assert.Null(await table.ClaimAsync(TimeSpan.FromDays(1), TimeSpan.FromMinutes(1), isOurs: true, Cancellation));
        Assert.Equal(0, Taken(third));
    }

    private static Task<DateTime> BeganAtAsync(RealtimeHost host) =>
        host.ScalarAsync<DateTime>("select began_at from hybridstore_realtime.snapshot_run");

    private static Task<DateTime> SeenAtAsync(RealtimeHost host) =>
        host.ScalarAsync<DateTime>("select seen_at from hybridstore_realtime.snapshot_run");

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
