using HybridStore.Realtime;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Ephemeral;

/// <summary>What counting costs. Raw: ZINCRBY and PEXPIRE of the bucket, sent together.</summary>
internal static class CounterFigures
{
    private const int Calls = 40_000;
    private const int Members = 100;

    public static async Task WriteAsync(TestServers servers, FigureWriter figures, int rounds)
    {
        var lifetime = TimeSpan.FromMinutes(5);
        await using var scene = await EphemeralScene.StartAsync(
            servers, figures, rounds, builder => builder.AddRollingCounters(counters => counters.Add("requests")));
        var counter = scene.Services.GetRequiredService<IRollingCounters>().Get("requests");
        string[] members = [.. Enumerable.Range(0, Members).Select(number => $"/endpoint/{number}")];
        var turns = await scene.CompareAsync(
            Calls,
            ("ours", async (_, number) =>
            {
                if (!await counter.IncrementAsync(members[number % Members]))
                {
                    throw new InvalidOperationException("A count was not confirmed.");
                }
            }
        ),
            ("raw", async (_, number) =>
            {
                RedisKey bucket = $"raw:requests:{DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 10}";
                var counted = scene.Raw.SortedSetIncrementAsync(bucket, members[number % Members], 1);
                var ends = scene.Raw.KeyExpireAsync(bucket, lifetime);
                await counted;
                await ends;
            }
        ));
        figures.Figure("counter.ratio_raw", Rounds.Ratio(turns["ours"], turns["raw"]), "ratio");
        figures.Figure("counter.per_s", 1_000_000 / Median.Of(turns["ours"].Select(turn => turn.Microseconds)), "1/s");
        var reads = await scene.CompareAsync(
            4000,
            ("top", (_, _) => counter.TopAsync(10)),
            ("sum", (_, number) => counter.SumAsync(members[number % Members])));
        figures.Figure("counter.top_us", Median.Of(reads["top"].Select(turn => turn.Microseconds)), "us");
        figures.Figure("counter.sum_us", Median.Of(reads["sum"].Select(turn => turn.Microseconds)), "us");
    }
}
