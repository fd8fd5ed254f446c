namespace HybridStore.Realtime;

/// <summary>How a <see cref="RateLimit"/> counts.</summary>
public enum RateLimitAlgorithm
{
    /// <summary>So many in a window, which starts with its first permit and ends on time whatever follows. The cheapest; around the end of a
    /// window twice the limit can pass within the length of one.</summary>
    FixedWindow = 0,

    /// <summary>So many in any stretch of time as long as the window.</summary>
    SlidingWindow = 1,

    /// <summary>A bucket of so many, which fills up again steadily: bursts up to its size, the rate in the long run.</summary>
    TokenBucket = 2,
}
