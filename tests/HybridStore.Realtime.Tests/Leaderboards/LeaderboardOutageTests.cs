using HybridStore.Realtime.Tests.Snapshots;
using HybridStore.Servers;

namespace HybridStore.Realtime.Tests.Leaderboards;

public class LeaderboardOutageTests
{
    private static readonly UserStateField<int> Level = new UserStateGroup("preferences").Field<int>("level");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_Redis_is_away_everything_says_so_and_afterwards_goes_on()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await SnapshotScene.StartAsync(servers);
        var board = host.Get<ILeaderboards>().Get("points");
        var state = host.Get<IUserState>();
        await board.SetAsync("a", 1, Cancellation);
        await state.SetAsync("u1", Level, 3, Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await servers.Redis.StopAsync(Cancellation);

        foreach (var call in (Func<Task>[])
            [
                () => board.SetAsync("a", 2, Cancellation),
                () => board.AddAsync("a", 2, Cancellation),
                () => board.KeepBestAsync("a", 2, Cancellation),
                () => board.UpdateAsync([LeaderboardUpdate.Set("a", 2)], Cancellation),
                () => board.TopAsync(1, Cancellation),
                () => board.PageAsync(0, 1, Cancellation),
                () => board.RankAsync("a", Cancellation),
                () => board.AroundAsync("a", 1, 1, Cancellation),
                () => board.CountAsync(Cancellation),
                () => board.RemoveAsync("a", Cancellation),
                () => board.DeleteAsync(Cancellation),
            ])
        {
            Assert.Equal("leaderboards", (await Assert.ThrowsAsync<RealtimeUnavailableException>(call)).Service);
        }

        foreach (var call in (Func<Task>[])
            [
                () => state.GetAsync("u1", Level, Cancellation),
                () => state.GetAllAsync("u1", Level.Group, Cancellation),
                () => state.SetAsync("u1", Level, 4, Cancellation),
                () => state.RemoveAsync("u1", Level, Cancellation),
                () => state.DeleteAsync("u1", Level.Group, Cancellation),
            ])
        {
            Assert.Equal("user state", (await Assert.ThrowsAsync<RealtimeUnavailableException>(call)).Service);
        }

        await Assert.ThrowsAsync<RealtimeUnavailableException>(() => host.Get<ISnapshots>().TakeAsync(Cancellation));

        // It comes back empty.
        await servers.Redis.StartAsync(Cancellation);
        Assert.Equal(1, await Eventually.SucceedsAsync<RealtimeUnavailableException, long>(() => board.CountAsync(Cancellation)));
        Assert.Equal(3, await Eventually.SucceedsAsync<RealtimeUnavailableException, int>(() => state.GetAsync("u1", Level, Cancellation)));
    }
}
