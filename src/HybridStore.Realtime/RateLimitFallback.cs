namespace HybridStore.Realtime;

/// <summary>Who is let through while Redis cannot be asked.</summary>
public enum RateLimitFallback
{
    /// <summary>Everybody: the service stays up, without a limit.</summary>
    FailOpen = 0,

    /// <summary>Nobody: for what must never be exceeded, such as attempts at a password.</summary>
    FailClosed = 1,

    /// <summary>Each process counts for itself, up to its share of the limit: <see cref="RateLimitsOptions.Instances"/>.</summary>
    LocalShare = 2,
}
