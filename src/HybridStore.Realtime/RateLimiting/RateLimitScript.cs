using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.RateLimiting;

/// <summary>How a limit is asked for in Redis: which script, with what arguments, under which name. Immutable.</summary>
internal sealed class RateLimitScript
{
    private static readonly RedisScript FixedWindow = RealtimeScripts.Load("fixed-window.lua");
    private static readonly RedisScript SlidingWindow = RealtimeScripts.Load("sliding-window.lua");
    private static readonly RedisScript TokenBucket = RealtimeScripts.Load("token-bucket.lua");

    /// <param name="policy">The name of the policy.</param>
    /// <param name="limit">What it permits.</param>
    public RateLimitScript(string policy, RateLimit limit)
    {
        // What cannot go on from what another algorithm, or one with other segments, has counted lies elsewhere.
        (Script, Arguments, Kind) = limit.Algorithm switch
        {
            RateLimitAlgorithm.FixedWindow => (
                FixedWindow, (RedisValue[])[limit.PermitLimit, (long)Math.Ceiling(limit.Window.TotalMilliseconds)], $"limit-f:{policy}"),
            RateLimitAlgorithm.SlidingWindow => (
                SlidingWindow,
                [limit.PermitLimit, SegmentOf(limit), limit.Segments],
                $"limit-s:{policy}:{SegmentOf(limit)}x{limit.Segments}"),
            _ => (
                TokenBucket,
                [limit.PermitLimit, limit.TokensPerPeriod, (long)limit.Window.TotalMicroseconds],
                $"limit-t:{policy}"),
        };
    }

    /// <summary>The script, which takes any number of keys.</summary>
    public RedisScript Script { get; }

    /// <summary>What it is given once, whatever the keys.</summary>
    public RedisValue[] Arguments { get; }

    /// <summary>What stands between prefix and key.</summary>
    public string Kind { get; }

    /// <summary>False if the server has not counted.</summary>
    public static bool TryParse(RedisResult result, out RateLimitAnswer answer)
    {
        if (result.Resp2Type == ResultType.Array)
        {
            answer = new RateLimitAnswer(IsGranted: false, (int)result[0], TimeSpan.FromMilliseconds((long)result[1]));
            return true;
        }

        var left = (int)result;
        answer = new RateLimitAnswer(IsGranted: true, left, TimeSpan.Zero);
        return left >= 0;
    }

    /// <summary>In whole microseconds, rounded up: a window is never shorter than it was asked for.</summary>
    private static long SegmentOf(RateLimit limit) => (long)Math.Ceiling(limit.Window.TotalMicroseconds / limit.Segments);
}
