using System.Diagnostics;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures.Misses;

/// <summary>The entries of all contenders in Redis. Only they are removed: what a store knows about its layout stays.</summary>
internal static class Entries
{
    private const string RemoveAll =
        """
        for _, key in ipairs(redis.call('KEYS', '*product:*')) do redis.call('UNLINK', key) end
        return redis.call('DBSIZE')
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    /// <summary>Makes every product a miss.</summary>
    /// <returns>How many keys are left.</returns>
    public static async Task<long> RemoveEntriesAsync(this RedisServer redis) => (long)await redis.RunAsync("EVAL", RemoveAll, "0");

    /// <summary>Waits for what is stored behind the callers: it must have happened, and must not run into what is measured next.</summary>
    public static async Task AwaitKeysAsync(this RedisServer redis, long expected)
    {
        var start = Stopwatch.GetTimestamp();
        while ((long)await redis.RunAsync("DBSIZE") < expected)
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException($"Redis has fewer keys than the {expected} that were to be there.");
            }

            await Task.Delay(Pause);
        }
    }
}
