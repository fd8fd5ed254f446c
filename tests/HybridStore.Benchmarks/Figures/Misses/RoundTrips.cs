using HybridStore.Benchmarks.Contenders;
using StackExchange.Redis.Profiling;

namespace HybridStore.Benchmarks.Figures.Misses;

/// <summary>
/// How many round trips to Redis a caller waits for before it has its value. They are counted by the client's own profiler, which knows
/// each command that has been answered. Redis is made far away for that: no answer can be there that the caller has not waited for,
/// such as that of the store behind it.
/// </summary>
internal static class RoundTrips
{
    private const int WarmUpReads = 5;
    private const int Reads = 9;

    private static readonly TimeSpan FarAway = TimeSpan.FromMilliseconds(100);

    public static async Task WriteAsync(FigureWriter figures, Contest contest)
    {
        var redis = contest.Servers.Redis;
        await using var store = await HybridStoreContender.StartAsync(contest.Table, redis.ConnectionString);
        var others = await redis.RemoveEntriesAsync();
        ProfilingSession? profiling = null;
        store.Multiplexer.RegisterProfiler(() => profiling);

        // By then the client sends scripts by their hashes.
        for (var id = 1; id <= WarmUpReads; id++)
        {
            await store.ReadAsync(id);
            await redis.AwaitKeysAsync(others + id);
        }

        var roundTrips = new List<double>();
        var commands = new HashSet<string>(StringComparer.Ordinal);
        redis.Proxy.Latency = FarAway;
        for (var id = WarmUpReads + 1; id <= WarmUpReads + Reads; id++)
        {
            profiling = new ProfilingSession();
            await store.ReadAsync(id);
            var answered = profiling.FinishProfiling().OrderBy(command => command.CommandCreated).Select(command => command.Command).ToList();
            profiling = null;
            roundTrips.Add(answered.Count);
            commands.Add(string.Join(" ", answered));
            await redis.AwaitKeysAsync(others + id);
        }

        redis.Proxy.Latency = TimeSpan.Zero;
        if (store.Loads != WarmUpReads + Reads)
        {
            throw new InvalidOperationException($"Of {WarmUpReads + Reads} reads {store.Loads} were misses; only misses are measured.");
        }

        figures.Remark($"answered before the caller has its value: {string.Join(" or ", commands)}");
        figures.Figure("miss.redis_roundtrips", Median.Of(roundTrips), "roundtrips");
    }
}
