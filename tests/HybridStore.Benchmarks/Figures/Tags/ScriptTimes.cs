using System.Globalization;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures.Tags;

/// <summary>How long Redis itself says that calls of scripts have taken. Redis 7 and later keep count of it.</summary>
internal static class ScriptTimes
{
    public static async Task ResetAsync(RedisServer redis)
    {
        var known = await redis.RunAsync("CONFIG", "GET", "latency-tracking-info-percentiles");
        if (known.Length > 0)
        {
            await redis.RunAsync("CONFIG", "SET", "latency-tracking-info-percentiles", "50 100");
            await redis.RunAsync("CONFIG", "RESETSTAT");
        }
    }

    /// <summary>Null before Redis 7. The client calls a script by its hash once it has sent it.</summary>
    public static async Task<(TimeSpan Median, TimeSpan Longest)?> ReadAsync(RedisServer redis)
    {
        var text = (string?)await redis.RunAsync("INFO", "latencystats") ?? string.Empty;
        var calls = text.Split("\r\n").FirstOrDefault(line => line.StartsWith("latency_percentiles_usec_evalsha:", StringComparison.Ordinal))
            ?? text.Split("\r\n").FirstOrDefault(line => line.StartsWith("latency_percentiles_usec_eval:", StringComparison.Ordinal));
        return calls is null ? null : (Percentile(calls, "p50="), Percentile(calls, "p100="));
    }

    private static TimeSpan Percentile(string calls, string name)
    {
        var start = calls.IndexOf(name, StringComparison.Ordinal) + name.Length;
        var end = calls.IndexOf(',', start);
        return TimeSpan.FromMicroseconds(double.Parse(
            calls.AsSpan(start, (end < 0 ? calls.Length : end) - start), CultureInfo.InvariantCulture));
    }
}
