using System.Diagnostics;
using System.Globalization;
using HybridStore.Benchmarks.Workload;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures.Tags;

/// <summary>
/// For how long another client waits for Redis at most while a tag is invalidated. On a machine that is busy it now and then waits without
/// any cause in Redis: so it is also measured while nothing happens, for as long, and Redis is asked for the longest call that it has
/// carried out. Each figure is the median of what the rounds have seen.
/// </summary>
internal static class Interruptions
{
    public static async Task WriteAsync(
        FigureWriter figures, RedisServer redis, TaggedProducts products, string name, int rounds)
    {
        List<Interruption> byWrite = [], byName = [], idle = [], atOnce = [];
        for (var round = 0; round <= rounds; round++)
        {
            var write = await InvalidateAsync(redis, products, products.InvalidateByWriteAsync);
            var quiet = await WatchAsync(redis, () => Task.Delay(write.Elapsed));
            var named = await InvalidateAsync(redis, products, products.InvalidateByNameAsync);
            var deleted = await InvalidateAsync(redis, products, products.DeleteAtOnceAsync);
            if (round > 0)
            {
                // The first round has warmed up.
                byWrite.Add(write);
                idle.Add(quiet);
                byName.Add(named);
                atOnce.Add(deleted);
            }
        }

        figures.Remark(string.Create(
            CultureInfo.InvariantCulture, $"a tag with {products.Members} members, {rounds} rounds, medians of what is longest in each"));
        Write(figures, name, byWrite);
        Write(figures, $"{name}.without_xid", byName);
        figures.Figure("tag.idle.max_ping_ms", Median.Of(idle.Select(each => each.LongestPing.TotalMilliseconds)), "ms");
        Write(figures, "tag.del", atOnce);
    }

    private static void Write(FigureWriter figures, string name, List<Interruption> seen)
    {
        figures.Figure($"{name}.ms", Median.Of(seen.Select(each => each.Elapsed.TotalMilliseconds)), "ms");
        figures.Figure($"{name}.max_ping_ms", Median.Of(seen.Select(each => each.LongestPing.TotalMilliseconds)), "ms");
        if (seen.TrueForAll(each => each.Calls is not null))
        {
            figures.Figure($"{name}.max_call_ms", Median.Of(seen.Select(each => each.Calls!.Value.Longest.TotalMilliseconds)), "ms");
            figures.Figure($"{name}.median_call_ms", Median.Of(seen.Select(each => each.Calls!.Value.Median.TotalMilliseconds)), "ms");
        }
    }

    private static async Task<Interruption> InvalidateAsync(RedisServer redis, TaggedProducts products, Func<Task> invalidate)
    {
        await products.FillAsync();
        await ScriptTimes.ResetAsync(redis);
        var seen = await WatchAsync(redis, invalidate);
        seen = seen with { Calls = await ScriptTimes.ReadAsync(redis) };
        await products.CheckAllAreGoneAsync();
        return seen;
    }

    private static async Task<Interruption> WatchAsync(RedisServer redis, Func<Task> work)
    {
        GC.Collect();
        using var pings = PingLoop.Start(redis.DirectConnectionString);
        var start = Stopwatch.GetTimestamp();
        await work();
        var elapsed = Stopwatch.GetElapsedTime(start);
        return new Interruption(elapsed, pings.Stop(), null);
    }

    private readonly record struct Interruption(TimeSpan Elapsed, TimeSpan LongestPing, (TimeSpan Median, TimeSpan Longest)? Calls);
}
