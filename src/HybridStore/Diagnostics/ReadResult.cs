namespace HybridStore.Diagnostics;

/// <summary>How a read was answered.</summary>
internal enum ReadResult
{
    /// <summary>From Redis.</summary>
    Hit,

    /// <summary>Redis had nothing that could be served.</summary>
    Miss,

    /// <summary>Redis is away.</summary>
    RedisUnavailable,

    /// <summary>An invalidation that may concern the key waits for Redis.</summary>
    InvalidationPending,

    /// <summary>Redis is back, and what it holds may not be read yet.</summary>
    Recovering,

    /// <summary>Past the cache, as the caller or its policy asked.</summary>
    NotCached,

    /// <summary>With a value past its expiry, after a <see cref="Miss"/>: its load failed, or takes too long.</summary>
    Stale,
}

/// <summary>The names of the results in metrics and traces.</summary>
internal static class ReadResults
{
    public static string Name(this ReadResult result) => result switch
    {
        ReadResult.Hit => "hit",
        ReadResult.Miss => "miss",
        ReadResult.RedisUnavailable => "redis_unavailable",
        ReadResult.InvalidationPending => "invalidation_pending",
        ReadResult.Recovering => "recovering",
        ReadResult.Stale => "stale",
        _ => "not_cached",
    };

    /// <summary>Whether the read was answered without Redis because that is away.</summary>
    public static bool IsWithoutRedis(this ReadResult result) => result is ReadResult.RedisUnavailable or ReadResult.Recovering;
}
