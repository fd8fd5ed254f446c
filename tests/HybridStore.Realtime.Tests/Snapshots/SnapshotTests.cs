using HybridStore.Realtime.Snapshots;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Snapshots;

public class SnapshotTests(ServersFixture fixture)
{
    private static readonly UserStateGroup Flags = new("flags");
    private static readonly UserStateField<bool> Beta = Flags.Field("beta", defaultValue: false);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_snapshot_writes_what_has_changed_and_nothing_else()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.UpdateAsync([.. Enumerable.Range(0, 2500).Select(number => LeaderboardUpdate.Set($"m{number}", number))], Cancellation);
        await host.Get<IUserState>().SetAsync("u1", Beta, true, Cancellation);
        Assert.Equal(new SnapshotResult(2, 2501, 0), await host.Get<ISnapshots>().TakeAsync(Cancellation));
        Assert.Equal(2501, await RowsAsync(host));
        Assert.Equal(new SnapshotResult(0, 0, 0), await host.Get<ISnapshots>().TakeAsync(Cancellation));

        var before = await host.ScalarAsync<string>("select max(xmin::text::bigint)::text from hybridstore_realtime.snapshot_entry");
        await board.AddAsync("m7", 1, Cancellation);
        await board.SetAsync("m8", 8, Cancellation);
        await board.RemoveAsync("m9", Cancellation);
        Assert.Equal(new SnapshotResult(1, 1, 1), await host.Get<ISnapshots>().TakeAsync(Cancellation));
        Assert.Equal(2500, await RowsAsync(host));
        Assert.Equal(
            1,
            await host.ScalarAsync<long>(
                $"select count(*) from hybridstore_realtime.snapshot_entry where xmin::text::bigint > {before}"));
    }

    [Fact]
    public async Task What_changes_while_a_snapshot_is_taken_is_in_the_next()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("a", 1, Cancellation);
        await board.SetAsync("b", 1, Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await board.SetAsync("a", 2, Cancellation);
        await board.SetAsync("b", 2, Cancellation);

        // The snapshot has read 2 when it is 3, and one goes that it has read.
        host.Get<SnapshotService>().BeforeCommit = async () =>
        {
            host.Get<SnapshotService>().BeforeCommit = null;
            await board.SetAsync("a", 3, Cancellation);
            await board.RemoveAsync("b", Cancellation);
        };
        Assert.Equal(2, (await host.Get<ISnapshots>().TakeAsync(Cancellation)).Written);
        Assert.Equal(new SnapshotResult(1, 1, 1), await host.Get<ISnapshots>().TakeAsync(Cancellation));

        await host.ForgetAsync("*");
        Assert.Equal([new LeaderboardEntry("a", 3, 1)], await board.TopAsync(10, Cancellation));
    }

    [Fact]
    public async Task What_a_snapshot_has_taken_and_not_written_is_in_the_next()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("a", 1, Cancellation);
        host.Get<SnapshotService>().BeforeCommit = () => throw new TimeoutException("The instance dies here.");
        await Assert.ThrowsAsync<TimeoutException>(() => host.Get<ISnapshots>().TakeAsync(Cancellation));
        Assert.Equal(0, await RowsAsync(host));

        host.Get<SnapshotService>().BeforeCommit = null;
        await board.SetAsync("b", 1, Cancellation);
        Assert.Equal(2, (await host.Get<ISnapshots>().TakeAsync(Cancellation)).Written);
    }

    [Fact]
    public async Task A_board_that_is_there_when_snapshots_are_turned_on_is_written_whole()
    {
        await using var before = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddLeaderboards().AddUserState());
        var old = before.Get<ILeaderboards>().Get("points");
        await old.UpdateAsync([LeaderboardUpdate.Set("a", 1), LeaderboardUpdate.Set("b", 1)], Cancellation);
        await before.Get<IUserState>().SetAsync("u1", Beta, true, Cancellation);

        await using var host = await SnapshotScene.StartAsync(fixture.Servers, besides: before);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("c", 1, Cancellation);
        await host.Get<IUserState>().SetAsync("u1", Flags.Field<int>("level"), 3, Cancellation);
        Assert.Equal(5, (await host.Get<ISnapshots>().TakeAsync(Cancellation)).Written);
        await host.ForgetAsync("*");
        Assert.Equal(["a", "b", "c"], (await board.TopAsync(10, Cancellation)).Select(entry => entry.Member));
        Assert.True(await host.Get<IUserState>().GetAsync("u1", Beta, Cancellation));
    }

    [Fact]
    public async Task A_deleted_board_is_deleted_in_the_snapshot_and_what_comes_after_is_kept()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.UpdateAsync([LeaderboardUpdate.Set("a", 1), LeaderboardUpdate.Set("b", 1)], Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await board.DeleteAsync(Cancellation);
        Assert.Empty(await board.TopAsync(10, Cancellation));
        await board.SetAsync("c", 1, Cancellation);
        Assert.Equal(new SnapshotResult(1, 1, 2), await host.Get<ISnapshots>().TakeAsync(Cancellation));

        await host.ForgetAsync("*");
        Assert.Equal(["c"], (await board.TopAsync(10, Cancellation)).Select(entry => entry.Member));
    }

    [Fact]
    public async Task The_history_keeps_each_change_as_long_as_it_is_told_to()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers, options => options.History = TimeSpan.FromDays(7));
        var board = host.Get<ILeaderboards>().Get("points");
        foreach (var score in (double[])[1, 2])
        {
            await board.SetAsync("a", score, Cancellation);
            await host.Get<ISnapshots>().TakeAsync(Cancellation);
        }

        await board.RemoveAsync("a", Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        Assert.Equal(
            "1,2,removed",
            await host.ScalarAsync<string>(
                "select string_agg(coalesce(score::text, 'removed'), ',' order by taken_at) from hybridstore_realtime.snapshot_history"));

        await host.ExecuteAsync("update hybridstore_realtime.snapshot_history set taken_at = taken_at - interval '8 days' where score = 1");
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        Assert.Equal(2, await host.ScalarAsync<long>("select count(*) from hybridstore_realtime.snapshot_history"));
    }

    [Fact]
    public async Task A_stop_takes_a_last_snapshot()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        await host.Get<ILeaderboards>().Get("points").SetAsync("a", 1, Cancellation);
        await host.StopAsync();

        Assert.Equal(1, await RowsAsync(host));
    }

    [Fact]
    public async Task Marks_that_are_none_and_keys_of_a_wrong_type_stop_nothing()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("a", 1, Cancellation);
        var tag = StructurePartition.TagOf("points");
        foreach (var mark in (string[])["", "b", "x\0m", "bpoints", "zunknown\0w", "bother\0?"])
        {
            await host.Redis.SetAddAsync($"{host.Prefix}:snapshot:{tag}:dirty", mark);
        }

        await host.Redis.StringSetAsync($"{host.Prefix}:snapshot:{tag}:taken", "not ours");
        await host.Redis.ListLeftPushAsync($"{host.Prefix}:snapshot:{tag}:taken-by", "not ours");
        Assert.Equal(1, (await host.Get<ISnapshots>().TakeAsync(Cancellation)).Written);

        await host.Redis.StringSetAsync($"{host.Prefix}:snapshot:{tag}:dirty", "not ours");
        await board.SetAsync("b", 1, Cancellation);
        Assert.Equal(1, (await host.Get<ISnapshots>().TakeAsync(Cancellation)).Written);
    }

    [Fact]
    public async Task A_structure_that_somebody_else_has_overwritten_keeps_the_others_from_nothing()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var boards = host.Get<ILeaderboards>();
        foreach (var name in (string[])["known", "new", "fine"])
        {
            await boards.Get(name).SetAsync("a", 1, Cancellation);
            if (name == "known")
            {
                await host.Get<ISnapshots>().TakeAsync(Cancellation);
                await boards.Get(name).SetAsync("b", 2, Cancellation);
            }
        }

        await host.Get<IUserState>().SetAsync("u1", Beta, true, Cancellation);
        foreach (var pattern in (string[])["board:*:scores:known", "board:*:members:new", "user-state:*"])
        {
            await foreach (var key in host.Redis.Multiplexer.GetServers()[0].KeysAsync(pattern: $"{host.Prefix}:{pattern}"))
            {
                await host.Redis.StringSetAsync(key, "not ours");
            }
        }

        Assert.Equal(new SnapshotResult(1, 1, 0), await host.Get<ISnapshots>().TakeAsync(Cancellation));
        Assert.Equal(["a"], (await boards.Get("known").TopAsync(10, Cancellation)).Select(entry => entry.Member));
    }

    private static Task<long> RowsAsync(RealtimeHost host) =>
        host.ScalarAsync<long>("select count(*) from hybridstore_realtime.snapshot_entry");
}
