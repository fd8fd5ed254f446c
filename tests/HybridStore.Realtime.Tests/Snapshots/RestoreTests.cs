using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Snapshots;

public class RestoreTests(ServersFixture fixture)
{
    private static readonly UserStateGroup Preferences = new("preferences");
    private static readonly UserStateField<string?> Theme = Preferences.Field<string>("theme");
    private static readonly UserStateField<long> Level = Preferences.Field<long>("level");
    private static readonly UserStateGroup Devices = new("devices", TimeSpan.FromDays(90));
    private static readonly UserStateField<string?> Print = Devices.Field<string>("print");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redis_is_emptied_and_the_first_read_already_finds_what_was_there()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await SnapshotScene.StartAsync(servers);
        var highest = host.Get<ILeaderboards>().Get("points");
        var lowest = host.Get<ILeaderboards>().Get("times", LeaderboardOrder.LowestFirst);
        var state = host.Get<IUserState>();
        string[] members = ["zoe", "adam", "mia", "ben"];
        foreach (var member in members)
        {
            await highest.SetAsync(member, 0.1 + 0.2, Cancellation);
            await lowest.SetAsync(member, 1.0 / 3, Cancellation);
        }

        await state.UpdateAsync("u1", Preferences, changes => changes.Set(Theme, "dark").Set(Level, 3), Cancellation);
        await state.SetAsync("u1", Print, "abc", Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await servers.Redis.FlushAsync();

        // Each first read is of another kind.
        Assert.Equal(members, (await highest.TopAsync(10, Cancellation)).Select(entry => entry.Member));
        Assert.Equal(new LeaderboardEntry("mia", 1.0 / 3, 3), await lowest.RankAsync("mia", Cancellation));
        Assert.Equal("dark", await state.GetAsync("u1", Theme, Cancellation));
        Assert.Equal(["print"], (await state.GetAllAsync("u1", Devices, Cancellation)).Names);
        await servers.Redis.FlushAsync();
        Assert.Equal(4, await highest.CountAsync(Cancellation));
        Assert.Equal(3, (await lowest.AroundAsync("ben", 2, 2, Cancellation)).Count);
        Assert.Equal(4, await state.IncrementAsync("u1", Level, 1, Cancellation));

        // And new ones of the same score rank behind those that were put back.
        await servers.Redis.FlushAsync();
        await highest.SetAsync("new", 0.1 + 0.2, Cancellation);
        await lowest.SetAsync("new", 1.0 / 3, Cancellation);
        Assert.Equal([.. members, "new"], (await highest.TopAsync(10, Cancellation)).Select(entry => entry.Member));
        Assert.Equal([.. members, "new"], (await lowest.TopAsync(10, Cancellation)).Select(entry => entry.Member));
    }

    [Fact]
    public async Task What_was_removed_before_the_snapshot_does_not_come_back()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("points");
        var state = host.Get<IUserState>();
        await board.UpdateAsync([LeaderboardUpdate.Set("a", 1), LeaderboardUpdate.Set("b", 1)], Cancellation);
        await state.UpdateAsync("u1", Preferences, changes => changes.Set(Theme, "dark").Set(Level, 3), Cancellation);
        await state.SetAsync("u1", Print, "abc", Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await board.RemoveAsync("a", Cancellation);
        Assert.True(await state.RemoveAsync("u1", Theme, Cancellation));
        await state.DeleteAsync("u1", Devices, Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await host.ForgetAsync("*");

        Assert.Equal(["b"], (await board.TopAsync(10, Cancellation)).Select(entry => entry.Member));
        Assert.Equal(["level"], (await state.GetAllAsync("u1", Preferences, Cancellation)).Names);
        Assert.Empty((await state.GetAllAsync("u1", Devices, Cancellation)).Names);
    }

    [Fact]
    public async Task A_board_that_has_expired_does_not_come_back_and_nothing_of_it_does_later()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("old", 1, Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await host.ExecuteAsync("update hybridstore_realtime.snapshot set expires_at = now() - interval '1 minute'");
        await host.ForgetAsync("*");

        Assert.Empty(await board.TopAsync(10, Cancellation));
        await board.SetAsync("new", 1, Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await host.ForgetAsync("*");
        Assert.Equal(["new"], (await board.TopAsync(10, Cancellation)).Select(entry => entry.Member));

        // What nobody asks for any more is deleted after a while.
        await host.ExecuteAsync("update hybridstore_realtime.snapshot set expires_at = now() - interval '2 hours'");
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        Assert.Equal(0, await host.ScalarAsync<long>("select count(*) from hybridstore_realtime.snapshot_entry"));
    }

    [Fact]
    public async Task Restored_state_lasts_as_long_as_it_would_have()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var state = host.Get<IUserState>();
        await host.Get<ILeaderboards>().Get("points").SetAsync("a", 1, Cancellation);
        await state.SetAsync("u1", Theme, "dark", Cancellation);
        await state.SetAsync("u1", Print, "abc", Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await host.ExecuteAsync("update hybridstore_realtime.snapshot set expires_at = expires_at - interval '10 days'");
        await host.ForgetAsync("*");
        await host.Get<ILeaderboards>().Get("points").TopAsync(1, Cancellation);
        await state.GetAsync("u1", Theme, Cancellation);
        await state.GetAsync("u1", Print, Cancellation);

        var lives = new List<int?>();
        await foreach (var key in host.Redis.Multiplexer.GetServers()[0].KeysAsync(pattern: $"{host.Prefix}:*"))
        {
            lives.Add((await host.Redis.KeyTimeToLiveAsync(key))?.Days);
        }

        Assert.Equal([null, 19, 19, 79], lives.Order());
    }

    [Fact]
    public async Task A_large_board_comes_back_whole_and_is_never_seen_in_part()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("large");
        const int Members = 4000;
        await board.UpdateAsync([.. Enumerable.Range(0, Members).Select(number => LeaderboardUpdate.Set($"m{number}", number))], Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        for (var round = 0; round < 3; round++)
        {
            await host.ForgetAsync("*");
            var counts = await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => caller % 2 == 0
                ? board.CountAsync(Cancellation)
                : AddAndCountAsync(caller)));
            Assert.All(counts, count => Assert.InRange(count, Members, Members + 32));
            Assert.Equal(Members + 32, await board.CountAsync(Cancellation));
        }

        async Task<long> AddAndCountAsync(int caller)
        {
            await board.AddAsync($"caller{caller}", 1, Cancellation);
            return await board.CountAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Half_a_board_that_was_evicted_comes_back()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.UpdateAsync([LeaderboardUpdate.Set("a", 1), LeaderboardUpdate.Set("b", 2)], Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);

        await host.ForgetAsync("board:*:scores:*");
        Assert.Equal(["b", "a"], (await board.TopAsync(10, Cancellation)).Select(entry => entry.Member));
        await host.ForgetAsync("board:*:scores:*");
        Assert.Equal(2, (await board.RankAsync("a", Cancellation))!.Value.Rank);
        await host.ForgetAsync("board:*:scores:*");
        await board.SetAsync("c", 3, Cancellation);
        await host.ForgetAsync("board:*:members:*");
        Assert.Null(await board.RankAsync("c", Cancellation));
        Assert.Equal(["b", "a"], (await board.TopAsync(10, Cancellation)).Select(entry => entry.Member));
    }

    [Fact]
    public async Task Where_Redis_has_lost_it_and_PostgreSQL_is_away_nobody_is_told_that_it_is_empty()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await SnapshotScene.StartAsync(servers);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("a", 1, Cancellation);
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await servers.Postgres.StopAsync(Cancellation);

        // While Redis has it all goes on, and what changes waits.
        await board.SetAsync("b", 2, Cancellation);
        await Assert.ThrowsAnyAsync<Npgsql.NpgsqlException>(() => host.Get<ISnapshots>().TakeAsync(Cancellation));
        Assert.Equal(2, await board.CountAsync(Cancellation));

        await host.ForgetAsync("board:*");
        await Assert.ThrowsAsync<RealtimeUnavailableException>(() => board.TopAsync(10, Cancellation));
        await Assert.ThrowsAsync<RealtimeUnavailableException>(() => board.SetAsync("c", 1, Cancellation));
        await Assert.ThrowsAsync<RealtimeUnavailableException>(() => host.Get<IUserState>().GetAsync("u1", Theme, Cancellation));

        await servers.Postgres.StartAsync(Cancellation);
        Assert.Equal(["a"], (await board.TopAsync(10, Cancellation)).Select(entry => entry.Member));
    }

    [Fact]
    public async Task What_was_never_there_is_asked_of_PostgreSQL_once()
    {
        await using var host = await SnapshotScene.StartAsync(fixture.Servers);
        var state = host.Get<IUserState>();
        Assert.Equal(0, await state.GetAsync("nobody", Level, Cancellation));
        await host.ExecuteAsync("alter table hybridstore_realtime.snapshot rename to hidden");
        Assert.Equal(0, await state.GetAsync("nobody", Level, Cancellation));
        Assert.Equal(1, await state.IncrementAsync("nobody", Level, 1, Cancellation));
        await Assert.ThrowsAsync<RealtimeUnavailableException>(() => state.GetAsync("another", Level, Cancellation));
    }
}
