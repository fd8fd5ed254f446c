using System.Diagnostics;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures.Expirations;

/// <summary>A hot key in the store itself, under 64 callers, through some expiries.</summary>
internal static class HotKey
{
    private const int Callers = 64;
    private const string Key = "hot";

    private static readonly TimeSpan LoadTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    public static async Task WriteAsync(FigureWriter figures, TestServers servers, int expiries)
    {
        await using var table = await ProductTable.CreateAsync(servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync()));
        await using var contender = await HybridStoreContender.StartAsync(
            table, servers.Redis.DirectConnectionString, static options => options.KeyPrefix = "hot");
        var (store, options, loads) = (contender.Store, new EntryOptions { TimeToLive = TimeToLive }, 0);
        await ReadAsync();
        var (loadsBefore, blocked, reads) = (Volatile.Read(ref loads), 0, 0);
        var startedAt = Stopwatch.GetTimestamp();
        var limit = TimeToLive * expiries;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            while (Stopwatch.GetElapsedTime(startedAt) < limit)
            {
                await Task.Delay(Pace * (0.5 + random.NextDouble()));
                var began = Stopwatch.GetTimestamp();
                await ReadAsync();
                Interlocked.Increment(ref reads);
                if (Stopwatch.GetElapsedTime(began) >= LoadTime)
                {
                    Interlocked.Increment(ref blocked);
                }
            }
        })));

        // Entries are replaced before they expire, so that there are more of them than time would let expire.
        var replaced = Volatile.Read(ref loads) - loadsBefore;
        figures.Figure("xfetch.store.reads", reads, "reads");
        figures.Figure("xfetch.store.loads", replaced, "loads");
        figures.Figure("xfetch.blocked_callers", blocked, "reads");

        ValueTask<int> ReadAsync() => store.GetAsync(
            Key,
            0,
            async (_, context, token) =>
            {
                Interlocked.Increment(ref loads);
                return await context.ExecuteScalarAsync<int>("select 1 from pg_sleep(0.1)", cancellationToken: token);
            },
            options);
    }
}
