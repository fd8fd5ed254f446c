using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HybridStore.Realtime.Tests.Leaderboards;

public class LeaderboardInputTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public async Task A_score_that_is_no_finite_number_is_refused(double score)
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("numbers");

        Assert.Contains(
            "finite number",
            (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(nameof(score), () => board.SetAsync("a", score, Cancellation))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("delta", () => board.AddAsync("a", score, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(nameof(score), () => board.KeepBestAsync("a", score, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            "updates[1]",
            () => board.UpdateAsync([LeaderboardUpdate.Set("a", 1), LeaderboardUpdate.Set("b", score)], Cancellation));
        Assert.Equal(0, await board.CountAsync(Cancellation));
    }

    [Fact]
    public async Task Names_and_members_that_are_no_text_are_refused()
    {
        await using var host = await StartAsync();
        foreach (var bad in (string[])["", "a\0b", "line\n", "\ud800", new string('x', 1025)])
        {
            await AssertRefusedAsync(host.Get<ILeaderboards>(), bad);
        }
    }

    [Fact]
    public async Task Numbers_out_of_range_are_refused_with_the_range()
    {
        await using var host = await StartAsync();
        var board = host.Get<ILeaderboards>().Get("ranges");

        Assert.Contains(
            "count must be from 1 to 10,000",
            (await Assert.ThrowsAsync<ArgumentOutOfRangeException>("count", () => board.TopAsync(0, Cancellation))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("count", () => board.TopAsync(10_001, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("skip", () => board.PageAsync(-1, 1, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("take", () => board.PageAsync(0, 0, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("before", () => board.AroundAsync("a", -1, 0, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("after", () => board.AroundAsync("a", 0, 5001, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>("updates", () => board.UpdateAsync([default], Cancellation));
        Assert.Throws<ArgumentOutOfRangeException>("order", () => host.Get<ILeaderboards>().Get("a", (LeaderboardOrder)7));
    }

    [Theory]
    [InlineData(0, null, "Expiration must be from 1 second to 3,650 days")]
    [InlineData(60, 0, "MaximumMembers must be from 1 to 100,000,000")]
    public async Task Settings_out_of_range_stop_the_start(int expirationSeconds, int? maximumMembers, string rule)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(options =>
        {
            options.Expiration = TimeSpan.FromSeconds(expirationSeconds);
            options.MaximumMembers = maximumMembers;
        }));

        Assert.Contains($"leaderboards: {rule}", error.Message, StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(ILeaderboards boards, string bad)
    {
        var board = boards.Get("texts");
        Assert.Throws<ArgumentException>("name", () => boards.Get(bad));
        await Assert.ThrowsAsync<ArgumentException>("member", () => board.SetAsync(bad, 1, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>("member", () => board.RankAsync(bad, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>("member", () => board.AroundAsync(bad, 1, 1, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>("member", () => board.RemoveAsync(bad, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(
            "updates[0]", () => board.UpdateAsync([LeaderboardUpdate.Set(bad, 1)], Cancellation));
    }

    private Task<RealtimeHost> StartAsync(Action<LeaderboardOptions>? configure = null) =>
        RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddLeaderboards(configure));
}
