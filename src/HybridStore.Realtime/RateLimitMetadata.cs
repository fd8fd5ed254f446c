using System.Threading.RateLimiting;

namespace HybridStore.Realtime;

/// <summary>What leases of <see cref="IRateLimits"/> tell beside <see cref="MetadataName.RetryAfter"/> and
/// <see cref="MetadataName.ReasonPhrase"/>: enough for the usual response headers.</summary>
public static class RateLimitMetadata
{
    /// <summary>The most that is permitted in a window, or at once.</summary>
    public static MetadataName<int> Limit { get; } = MetadataName.Create<int>("HYBRIDSTORE_LIMIT");

    /// <summary>How many permits were left then.</summary>
    public static MetadataName<int> Remaining { get; } = MetadataName.Create<int>("HYBRIDSTORE_REMAINING");
}
