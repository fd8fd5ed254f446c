using HybridStore.Realtime.Snapshots;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Snapshots;

[Collection<ClusterDefinition>]
public class SnapshotClusterTests(ServersFixture fixture, ClusterFixture cluster)
{
    private static readonly UserStateField<int> Level = new UserStateGroup("preferences").Field<int>("level");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Boards_and_user_state_on_three_masters_rank_are_written_and_come_back()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers, redis: cluster.Cluster.ConnectionString);
        var boards = host.Get<ILeaderboards>();
        var state = host.Get<IUserState>();
        string[] names = [.. Enumerable.Range(0, 40).Select(number => $"board:{number}")];
        Assert.Equal(StructurePartition.Count, names.Select(StructurePartition.Of).Distinct().Count());
        await Task.WhenAll(names.Select(async name =>
        {
            await boards.Get(name).UpdateAsync([LeaderboardUpdate.Set("zoe", 1), LeaderboardUpdate.Set("adam", 1)], Cancellation);
            await boards.Get(name).AddAsync("best", 2, Cancellation);
            await boards.Get(name).RemoveAsync("nobody", Cancellation);
            await state.SetAsync(name, Level, name.Length, Cancellation);
        }));
        Assert.Equal(160, (await host.Get<ISnapshots>().TakeAsync(Cancellation)).Written);
        await host.ForgetAsync("*");

        foreach (var name in names)
        {
            Assert.Equal(["best", "zoe", "adam"], (await boards.Get(name).TopAsync(5, Cancellation)).Select(entry => entry.Member));
            Assert.Equal(3, (await boards.Get(name).RankAsync("adam", Cancellation))!.Value.Rank);
            Assert.Equal(2, (await boards.Get(name).AroundAsync("adam", 1, 1, Cancellation)).Count);
            Assert.Equal(name.Length, await state.GetAsync(name, Level, Cancellation));
        }

        await boards.Get(names[0]).DeleteAsync(Cancellation);
        await state.DeleteAsync(names[0], Level.Group, Cancellation);
        Assert.Equal(new SnapshotResult(2, 0, 4), await host.Get<ISnapshots>().TakeAsync(Cancellation));
    }
}
