using System.Globalization;
using HybridStore.Realtime.Worker;

namespace HybridStore.Realtime.Tests.Leaderboards;

public class LeaderboardConcurrencyTests(ServersFixture fixture)
{
    private const int Callers = 64;
    private const int AddsPerCaller = 40;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_processes_of_64_callers_add_and_nothing_is_lost_or_ranked_wrongly(bool snapshots)
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => LeaderboardWork.Register(builder, snapshots));
        await using var worker = await WorkerProcess.StartAsync(
            "leaderboard", host, snapshots.ToString(), Callers.ToString(CultureInfo.InvariantCulture), AddsPerCaller.ToString(CultureInfo.InvariantCulture));
        await worker.GoAsync();
        var board = host.Get<ILeaderboards>().Get(LeaderboardWork.Board);
        var own = LeaderboardWork.AddAsync(board, Callers, AddsPerCaller);

        // While they do, each page that is seen is sorted, and each rank is a place of its own.
        while (!own.IsCompleted)
        {
            AssertSorted(await board.TopAsync(100, Cancellation));
        }

        var sums = await own;
        var others = LeaderboardWork.Read(await worker.ResultAsync());
        var all = await board.TopAsync(10_000, Cancellation);
        AssertSorted(all);
        Assert.Equal(
            LeaderboardWork.Members.ToDictionary(member => member, member => sums[member] + others[member]),
            all.ToDictionary(entry => entry.Member, entry => entry.Score));
        foreach (var entry in all)
        {
            Assert.Equal(entry, await board.RankAsync(entry.Member, Cancellation));
        }

        if (snapshots)
        {
            await host.Get<ISnapshots>().TakeAsync(Cancellation);
            await host.ForgetAsync("board:*");
            Assert.Equal(all, await board.TopAsync(10_000, Cancellation));
        }
    }

    private static void AssertSorted(IReadOnlyList<LeaderboardEntry> entries)
    {
        for (var index = 0; index < entries.Count; index++)
        {
            Assert.Equal(index + 1, entries[index].Rank);
            Assert.True(index == 0 || entries[index - 1].Score >= entries[index].Score);
        }

        Assert.Distinct(entries.Select(entry => entry.Member));
    }
}
