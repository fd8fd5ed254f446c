using System.Diagnostics;
using HybridStore.Realtime;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Benchmarks.Figures.Ephemeral;

/// <summary>How fast snapshots are, and what is lost with a Redis that loses everything in the middle of a stream of updates.</summary>
internal static class SnapshotFigures
{
    private const int Members = 20_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static async Task WriteAsync(TestServers servers, FigureWriter figures, int rounds)
    {
        await MeasureSpeedAsync(servers, figures, rounds);
        await MeasureLossAsync(figures, rounds);
    }

    private static async Task MeasureSpeedAsync(TestServers servers, FigureWriter figures, int rounds)
    {
        await using var scene = await EphemeralScene.StartAsync(
            servers, figures, rounds, builder => builder.AddLeaderboards().AddSnapshots(options => options.Interval = TimeSpan.FromDays(1)));
        var board = scene.Services.GetRequiredService<ILeaderboards>().Get("figures");
        var snapshots = scene.Services.GetRequiredService<ISnapshots>();
        var perSecond = new List<double>();
        for (var round = 0; round <= rounds; round++)
        {
            await board.UpdateAsync([.. Enumerable.Range(0, Members).Select(number => LeaderboardUpdate.Set($"member:{number}", number + round))]);
            var began = Stopwatch.GetTimestamp();
            var result = await snapshots.TakeAsync();
            if (round > 0)
            {
                perSecond.Add(result.Written / Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
        }

        figures.Figure("snapshot.members_per_s", Median.Of(perSecond), "1/s");
    }

    /// <summary>One caller counts; each number is acknowledged before the next. Redis is emptied, as one without persistence is by a crash, at a
    /// random moment, and the number that comes back tells what is lost.</summary>
    private static async Task MeasureLossAsync(FigureWriter figures, int rounds)
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true });
        await using var scene = await EphemeralScene.StartAsync(
            servers, figures, rounds, builder => builder.AddLeaderboards().AddSnapshots(options => options.Interval = Interval));
        var board = scene.Services.GetRequiredService<ILeaderboards>().Get("figures");
        var lost = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var member = $"member:{round}";
            var acknowledged = new List<long>();
            var until = Interval + (Interval * Random.Shared.NextDouble());
            var began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began) < until)
            {
                await board.SetAsync(member, acknowledged.Count);
                acknowledged.Add(Stopwatch.GetTimestamp());
            }

            await servers.Redis.FlushAsync();
            var restored = (int)((await board.RankAsync(member))?.Score ?? -1);
            lost.Add(restored < 0
                ? until.TotalSeconds
                : Stopwatch.GetElapsedTime(acknowledged[restored], acknowledged[^1]).TotalSeconds);
        }

        figures.Figure("snapshot.lost_seconds.max", lost.Max(), "s");
        figures.Figure("snapshot.lost_interval_share.max", lost.Max() / Interval.TotalSeconds, "ratio");
        figures.Figure("snapshot.lost_interval_share.median", Median.Of(lost) / Interval.TotalSeconds, "ratio");
    }
}
