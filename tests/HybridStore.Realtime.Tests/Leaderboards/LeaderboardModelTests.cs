using CsCheck;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Leaderboards;

public class LeaderboardModelTests(ServersFixture fixture)
{
    private static readonly string[] Operations =
        ["set", "set", "add", "add", "best", "best", "many", "remove", "rank", "around", "page", "restart"];

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, Operations.Length - 1].Select(index => Operations[index]),
        Gen.Int[0, 7],
        Gen.Int[-3, 3],
        Gen.Int[0, 4]).Select((what, member, score, size) => new Step(what, $"m{member}", score / 2.0, size));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LeaderboardOrder.HighestFirst, false)]
    [InlineData(LeaderboardOrder.LowestFirst, false)]
    [InlineData(LeaderboardOrder.HighestFirst, true)]
    [InlineData(LeaderboardOrder.LowestFirst, true)]
    public async Task A_board_is_what_a_sorted_list_is(LeaderboardOrder order, bool snapshots)
    {
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers,
            builder =>
            {
                builder.AddLeaderboards();
                if (snapshots)
                {
                    builder.AddSnapshots(options => options.Interval = TimeSpan.FromDays(1));
                }
            });
        await Steps.Array[1, 60].SampleAsync(
            async steps =>
            {
                var board = host.Get<ILeaderboards>().Get($"model:{Guid.NewGuid():N}", order);
                var model = new LeaderboardModel(order);
                foreach (var step in steps)
                {
                    await TakeAsync(host, step, board, model, snapshots);
                    Assert.Equal(model.All, await board.TopAsync(100, Cancellation));
                    Assert.Equal(model.All.Count, await board.CountAsync(Cancellation));
                }
            },
            iter: 15,
            threads: 1);
    }

    private static async Task TakeAsync(RealtimeHost host, Step step, ILeaderboard board, LeaderboardModel model, bool snapshots)
    {
        var (what, member, score, size) = step;
        switch (what)
        {
            case "set":
                model.Set(member, score);
                await board.SetAsync(member, score, Cancellation);
                break;
            case "add":
                Assert.Equal(model.Add(member, score), await board.AddAsync(member, score, Cancellation));
                break;
            case "best":
                Assert.Equal(model.KeepBest(member, score), await board.KeepBestAsync(member, score, Cancellation));
                break;
            case "many":
                model.Add(member, score);
                model.Set("m0", score);
                model.KeepBest(member, size);
                await board.UpdateAsync(
                    [LeaderboardUpdate.Add(member, score), LeaderboardUpdate.Set("m0", score), LeaderboardUpdate.KeepBest(member, size)],
                    Cancellation);
                break;
            case "remove":
                Assert.Equal(model.Remove(member), await board.RemoveAsync(member, Cancellation));
                break;
            case "rank":
                Assert.Equal(
                    model.All.Where(entry => entry.Member == member).Select(entry => (LeaderboardEntry?)entry).FirstOrDefault(),
                    await board.RankAsync(member, Cancellation));
                break;
            case "around":
                Assert.Equal(model.Around(member, size, 2), await board.AroundAsync(member, size, 2, Cancellation));
                break;
            case "page":
                Assert.Equal(model.All.Skip(size).Take(3), await board.PageAsync(size, 3, Cancellation));
                break;
            case "restart" when size == 0:
                model.Delete();
                await board.DeleteAsync(Cancellation);
                break;
            case "restart" when snapshots:
                // As if Redis had been emptied right after a snapshot.
                await host.Get<ISnapshots>().TakeAsync(Cancellation);
                await host.ForgetAsync("board:*" + board.Name);
                break;
        }
    }

    private sealed record Step(string What, string Member, double Score, int Size);
}
