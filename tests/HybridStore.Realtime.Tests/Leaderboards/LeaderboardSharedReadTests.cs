using System.Globalization;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Realtime.Tests.Leaderboards;

public class LeaderboardSharedReadTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_looks_at_the_same_places_at_a_time_is_told_by_one_call()
    {
        await using var servers = await StartAsync();
        await using var host = await RealtimeHost.StartAsync(servers, builder => builder.AddLeaderboards());
        var board = host.Get<ILeaderboards>().Get("points");
        var same = host.Get<ILeaderboards>().Get("points");
        await board.UpdateAsync([LeaderboardUpdate.Set("a", 1), LeaderboardUpdate.Set("b", 3), LeaderboardUpdate.Set("c", 2)], Cancellation);
        var (pages, counts) = (await CallsAsync(servers, "zrevrange"), await CallsAsync(servers, "zcard"));
        await servers.Redis.PauseAsync(Cancellation);
        var tops = Enumerable.Range(0, 10).Select(_ => board.TopAsync(2, Cancellation)).ToArray();
        var others = Enumerable.Range(0, 10).Select(_ => same.PageAsync(0, 2, Cancellation)).ToArray();
        var nexts = Enumerable.Range(0, 10).Select(_ => board.PageAsync(1, 2, Cancellation)).ToArray();
        var sizes = Enumerable.Range(0, 10).Select(_ => board.CountAsync(Cancellation)).ToArray();
        await servers.Redis.ResumeAsync(Cancellation);

        Assert.All(
            await Task.WhenAll([.. tops, .. others]),
            page => Assert.Equal([new LeaderboardEntry("b", 3, 1), new LeaderboardEntry("c", 2, 2)], page));
        Assert.All(
            await Task.WhenAll(nexts), page => Assert.Equal([new LeaderboardEntry("c", 2, 2), new LeaderboardEntry("a", 1, 3)], page));
        Assert.All(await Task.WhenAll(sizes), size => Assert.Equal(3, size));
        Assert.Equal(pages + 4, await CallsAsync(servers, "zrevrange"));
        Assert.Equal(counts + 2, await CallsAsync(servers, "zcard"));

        // None of them can change what the others see.
        var shared = (IList<LeaderboardEntry>)await tops[1];
        Assert.Throws<NotSupportedException>(() => { shared[0] = default; });
    }

    [Fact]
    public async Task Nobody_waits_for_two_time_outs_to_see_a_page()
    {
        await using var servers = await StartAsync();
        var time = new FakeTimeProvider();
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => builder.AddLeaderboards(), options => options.CircuitBreaker.FailureThreshold = 1000, time: time);
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("a", 1, Cancellation);
        await servers.Redis.PauseAsync(Cancellation);
        try
        {
            var calls = Enumerable.Range(0, 10).Select(_ => board.TopAsync(2, Cancellation)).ToArray();
            time.Advance(TimeSpan.FromSeconds(2));
            var failures = await Task.WhenAll(calls.Select(call => Assert.ThrowsAsync<RealtimeUnavailableException>(() => call)));

            // Whoever has the call fails with its time-out, and the others with it.
            Assert.Single(failures, failure => failure.InnerException is not null);
        }
        finally
        {
            await servers.Redis.ResumeAsync(Cancellation);
        }

        Assert.Single(await Eventually.SucceedsAsync<RealtimeUnavailableException, IReadOnlyList<LeaderboardEntry>>(
            () => board.TopAsync(2, Cancellation)));
    }

    [Fact]
    public async Task Who_looks_after_a_change_sees_it_however_many_look_meanwhile()
    {
        await using var servers = await StartAsync();
        await using var host = await RealtimeHost.StartAsync(servers, builder => builder.AddLeaderboards());
        var board = host.Get<ILeaderboards>().Get("points");
        await board.SetAsync("a", 0, Cancellation);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var looking = Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await board.TopAsync(1, Cancellation);
            }
        })));
        try
        {
            for (var score = 1; score <= 500; score++)
            {
                await board.SetAsync("a", score, Cancellation);
                Assert.Equal(score, Assert.Single(await board.TopAsync(1, Cancellation)).Score);
            }
        }
        finally
        {
            await end.CancelAsync();
            await looking;
        }
    }

    private static Task<TestServers> StartAsync() => TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);

    private static async Task<long> CallsAsync(TestServers servers, string command) =>
        ((string)(await servers.Redis.RunAsync("INFO", "commandstats"))!).Split('\n')
            .Where(line => line.StartsWith($"cmdstat_{command}:", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture));
}
