using HybridStore.Realtime.Worker;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests.Leaderboards;

public class LeaderboardTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_equal_scores_the_one_that_was_reached_earlier_ranks_better()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("zoe", 10, Cancellation);
        await board.SetAsync("adam", 10, Cancellation);
        await board.SetAsync("mia", 10, Cancellation);
        Assert.Equal(["zoe", "adam", "mia"], await MembersAsync(board));

        // To the score that it has: it keeps its place. Away and back: it has arrived anew.
        await board.SetAsync("zoe", 10, Cancellation);
        Assert.Equal(["zoe", "adam", "mia"], await MembersAsync(board));
        await board.SetAsync("zoe", 11, Cancellation);
        await board.SetAsync("zoe", 10, Cancellation);
        Assert.Equal(["adam", "mia", "zoe"], await MembersAsync(board));
    }

    [Fact]
    public async Task Where_the_lowest_is_best_the_earlier_of_equal_scores_still_ranks_better()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("times", LeaderboardOrder.LowestFirst);
        await board.SetAsync("zoe", 9.81, Cancellation);
        await board.SetAsync("adam", 9.81, Cancellation);
        Assert.True(await board.KeepBestAsync("mia", 9.58, Cancellation));
        Assert.False(await board.KeepBestAsync("mia", 9.7, Cancellation));
        Assert.True(await board.KeepBestAsync("adam", 9.7, Cancellation));

        Assert.Equal(
            [new LeaderboardEntry("mia", 9.58, 1), new("adam", 9.7, 2), new("zoe", 9.81, 3)], await board.TopAsync(10, Cancellation));
    }

    [Fact]
    public async Task Scores_come_back_exactly()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("scores");
        double[] scores = [double.MaxValue, 9007199254740993, 1.0 / 3, 0.1 + 0.2, double.Epsilon, 0, -0.0, -1e-300, double.MinValue];
        await board.UpdateAsync([.. scores.Select((score, index) => LeaderboardUpdate.Set($"m{index}", score))], Cancellation);

        Assert.Equal(scores, (await board.TopAsync(100, Cancellation)).Select(entry => entry.Score));
        Assert.Equal(0.1 + 0.2, (await board.RankAsync("m3", Cancellation))!.Value.Score);
    }

    [Fact]
    public async Task Adding_returns_the_new_score_and_does_not_go_beyond_all_numbers()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("sums");
        Assert.Equal(2.5, await board.AddAsync("a", 2.5, Cancellation));
        Assert.Equal(2.5, await board.AddAsync("a", 0, Cancellation));
        Assert.Equal(0.5, await board.AddAsync("a", -2, Cancellation));
        await board.SetAsync("a", double.MaxValue, Cancellation);
        await Assert.ThrowsAsync<OverflowException>(() => board.AddAsync("a", double.MaxValue, Cancellation));
        Assert.Equal(double.MaxValue, (await board.RankAsync("a", Cancellation))!.Value.Score);

        // It fails alone, whatever goes to Redis along with it.
        await Assert.ThrowsAsync<OverflowException>(() => board.UpdateAsync(
            [LeaderboardUpdate.Set("b", 1), LeaderboardUpdate.Add("a", double.MaxValue), LeaderboardUpdate.Set("c", 2)], Cancellation));
        Assert.Equal(3, await board.CountAsync(Cancellation));
    }

    [Fact]
    public async Task Changes_that_wait_for_each_other_keep_their_order_and_their_answers()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("together");
        var sums = await Task.WhenAll(Enumerable.Range(0, 2000).Select(_ => board.AddAsync("a", 1, Cancellation)));
        Assert.Equal(Enumerable.Range(1, 2000).Select(number => (double)number), sums);

        using var gone = new CancellationTokenSource();
        var kept = board.AddAsync("b", 1, Cancellation);
        var given = board.AddAsync("b", 1, gone.Token);
        await gone.CancelAsync();
        await kept;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => board.AddAsync("b", 1, gone.Token));
        await Task.WhenAny(given);
        Assert.InRange(await board.AddAsync("b", 1, Cancellation), 2, 3);
    }

    [Fact]
    public async Task Pages_and_neighbours_end_where_the_board_ends()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("pages");
        await board.UpdateAsync(
            [.. Enumerable.Range(1, 1234).Select(number => LeaderboardUpdate.Set($"m{number}", -number))], Cancellation);

        Assert.Equal(1234, await board.CountAsync(Cancellation));
        Assert.Equal([1, 2], Ranks(await board.TopAsync(2, Cancellation)));
        Assert.Equal([1233, 1234], Ranks(await board.PageAsync(1232, 100, Cancellation)));
        Assert.Empty(await board.PageAsync(1234, 10, Cancellation));
        Assert.Equal([1, 2, 3], Ranks(await board.AroundAsync("m1", 2, 2, Cancellation)));
        Assert.Equal([498, 499, 500, 501], Ranks(await board.AroundAsync("m500", 2, 1, Cancellation)));
        Assert.Equal([1233, 1234], Ranks(await board.AroundAsync("m1234", 1, 5, Cancellation)));
        Assert.Equal([7], Ranks(await board.AroundAsync("m7", 0, 0, Cancellation)));
        Assert.All(await board.AroundAsync("m500", 9, 9, Cancellation), entry => Assert.Equal($"m{entry.Rank}", entry.Member));
        Assert.Empty(await board.AroundAsync("nobody", 2, 2, Cancellation));
        Assert.Null(await board.RankAsync("nobody", Cancellation));
    }

    [Fact]
    public async Task Who_is_removed_is_gone_and_a_deleted_board_is_empty()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("short");
        await board.SetAsync("a", 1, Cancellation);
        await board.SetAsync("b", 2, Cancellation);

        Assert.True(await board.RemoveAsync("b", Cancellation));
        Assert.False(await board.RemoveAsync("b", Cancellation));
        Assert.Equal(["a"], await MembersAsync(board));
        await board.DeleteAsync(Cancellation);
        Assert.Equal(0, await board.CountAsync(Cancellation));
        Assert.Null(await board.RankAsync("a", Cancellation));

        // It may begin anew, in whatever order.
        var other = host.Get<ILeaderboards>().Get("short", LeaderboardOrder.LowestFirst);
        await other.SetAsync("c", 1, Cancellation);
        Assert.Equal(["c"], await MembersAsync(other));
    }

    [Fact]
    public async Task A_board_with_a_limit_keeps_the_best_and_of_equal_ones_the_earlier()
    {
        await using var host = await StartAsync(options => options.MaximumMembers = 3);
        var highest = host.Get<ILeaderboards>().Get("limited");
        var lowest = host.Get<ILeaderboards>().Get("limited-times", LeaderboardOrder.LowestFirst);
        foreach (var member in (string[])["a", "b", "c", "d"])
        {
            await highest.SetAsync(member, 5, Cancellation);
            await lowest.SetAsync(member, 5, Cancellation);
        }

        await highest.SetAsync("e", 6, Cancellation);
        await lowest.SetAsync("e", 4, Cancellation);
        Assert.Equal(["e", "a", "b"], await MembersAsync(highest));
        Assert.Equal(["e", "a", "b"], await MembersAsync(lowest));
        Assert.Null(await highest.RankAsync("c", Cancellation));

        // Who was pushed off arrives anew.
        Assert.Equal(7, await highest.AddAsync("c", 7, Cancellation));
        Assert.Equal(["c", "e", "a"], await MembersAsync(highest));
    }

    [Fact]
    public async Task A_board_expires_after_its_last_change()
    {
        await using var host = await StartAsync(options => options.Expiration = TimeSpan.FromSeconds(1));
        var board = host.Get<ILeaderboards>().Get("fleeting");
        await board.SetAsync("a", 1, Cancellation);
        Assert.Equal(1, await board.CountAsync(Cancellation));
        await ExpireAsync(host, board);

        Assert.Empty(await board.TopAsync(10, Cancellation));
        await board.SetAsync("b", 1, Cancellation);
        Assert.Equal(["b"], await MembersAsync(board));
    }

    [Fact]
    public async Task A_change_lets_the_whole_board_last_its_time_from_then_on()
    {
        await using var host = await StartAsync(options => options.Expiration = TimeSpan.FromHours(1));
        var board = host.Get<ILeaderboards>().Get("lasting");
        await board.SetAsync("a", 1, Cancellation);
        foreach (var key in await KeysAsync(host))
        {
            await host.Redis.KeyExpireAsync(key, TimeSpan.FromMinutes(10));
        }

        await board.SetAsync("a", 2, Cancellation);
        Assert.All(
            await Task.WhenAll((await KeysAsync(host)).Select(key => host.Redis.KeyTimeToLiveAsync(key))),
            left => Assert.InRange(left!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task What_is_of_a_wrong_type_is_not_there_and_breaks_nothing()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("broken");
        await board.SetAsync("a", 1, Cancellation);
        var keys = await KeysAsync(host);
        Assert.Equal(2, keys.Length);
        foreach (var broken in (RedisKey[][])[[keys[0]], [keys[1]], keys])
        {
            await SpoilAsync(host, broken);
            await board.TopAsync(10, Cancellation);
            await board.CountAsync(Cancellation);
            await SpoilAsync(host, broken);
            Assert.Null(await board.RankAsync("a", Cancellation));
            await SpoilAsync(host, broken);
            Assert.False(await board.RemoveAsync("a", Cancellation));
            await SpoilAsync(host, broken);
            await board.SetAsync("b", 1, Cancellation);
            Assert.Equal(["b"], await MembersAsync(board));
            Assert.Equal(1, (await board.RankAsync("b", Cancellation))!.Value.Rank);
            await board.DeleteAsync(Cancellation);
            await board.SetAsync("a", 1, Cancellation);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_asks_together_with_others_is_not_disturbed_by_what_is_wrong_with_their_boards(bool snapshots)
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => LeaderboardWork.Register(builder, snapshots));
        var boards = host.Get<ILeaderboards>();
        var (good, lost) = (boards.Get("good"), boards.Get("never there"));
        await boards.Get("spoiled").SetAsync("a", 1, Cancellation);
        await SpoilAsync(host, await KeysAsync(host));
        await good.UpdateAsync([LeaderboardUpdate.Set("a", 7), LeaderboardUpdate.Set("b", 8)], Cancellation);
        var ofOtherOrder = boards.Get("good", LeaderboardOrder.LowestFirst);
        var rounds = Enumerable.Range(0, 60).Select(_ => (
            Good: good.RankAsync("a", Cancellation),
            Missing: good.RankAsync("c", Cancellation),
            Spoiled: boards.Get("spoiled").RankAsync("a", Cancellation),
            Lost: lost.RankAsync("a", Cancellation),
            Other: ofOtherOrder.RankAsync("a", Cancellation))).ToArray();

        foreach (var round in rounds)
        {
            Assert.Equal(new LeaderboardEntry("a", 7, 2), await round.Good);
            Assert.Null(await round.Missing);
            Assert.Null(await round.Spoiled);
            Assert.Null(await round.Lost);
            await Assert.ThrowsAsync<InvalidOperationException>(() => round.Other);
        }
    }

    [Fact]
    public async Task A_board_of_which_half_is_gone_begins_anew()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("half");
        for (var half = 0; half < 2; half++)
        {
            await board.SetAsync("a", 1, Cancellation);
            await board.SetAsync("b", 2, Cancellation);
            await host.Redis.KeyDeleteAsync((await KeysAsync(host)).Order(Comparer<RedisKey>.Create(
                static (x, y) => string.CompareOrdinal(x, y))).ElementAt(half));
            await board.SetAsync("a", 3, Cancellation);
            Assert.Equal(["a"], await MembersAsync(board));
            Assert.Null(await board.RankAsync("b", Cancellation));
            await board.DeleteAsync(Cancellation);
        }
    }

    [Fact]
    public async Task A_board_is_not_mixed_of_two_orders()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("ordered");
        var other = host.Get<ILeaderboards>().Get("ordered", LeaderboardOrder.LowestFirst);
        await board.SetAsync("a", 1, Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(() => other.SetAsync("b", 1, Cancellation));
        await Assert.ThrowsAsync<InvalidOperationException>(() => other.RankAsync("a", Cancellation));
        await Assert.ThrowsAsync<InvalidOperationException>(() => other.TopAsync(1, Cancellation));
        Assert.Equal(["a"], await MembersAsync(board));
    }

    [Fact]
    public async Task Names_that_look_like_parts_of_keys_stay_apart()
    {
        await using var host = await StartAsync();
        string[] names = ["a", "a:b", "scores:a", "{p1}", "members:a", "ä", "a b"];
        foreach (var name in names)
        {
            await host.Get<ILeaderboards>().Get(name).SetAsync(name, 1, Cancellation);
        }

        foreach (var name in names)
        {
            Assert.Equal([name], await MembersAsync(host.Get<ILeaderboards>().Get(name)));
        }
    }

    private static async Task SpoilAsync(RealtimeHost host, RedisKey[] keys)
    {
        foreach (var key in keys)
        {
            await host.Redis.StringSetAsync(key, "not ours");
        }
    }

    private static Task ExpireAsync(RealtimeHost host, ILeaderboard board) => Eventually.HappensAsync(
        async () => await board.CountAsync(Cancellation) == 0 && (await KeysAsync(host)).Length == 0);

    private static async Task<RedisKey[]> KeysAsync(RealtimeHost host)
    {
        var keys = new List<RedisKey>();
        await foreach (var key in host.Redis.Multiplexer.GetServers()[0].KeysAsync(pattern: $"{host.Prefix}:board:*"))
        {
            keys.Add(key);
        }

        return [.. keys];
    }

    private static IEnumerable<long> Ranks(IEnumerable<LeaderboardEntry> entries) => entries.Select(entry => entry.Rank);

    private static async Task<IEnumerable<string>> MembersAsync(ILeaderboard board) =>
        (await board.TopAsync(100, Cancellation)).Select(entry => entry.Member);

    private Task<RealtimeHost> StartAsync(Action<LeaderboardOptions>? configure = null) =>
        RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddLeaderboards(configure));
}
