using System.Threading.RateLimiting;

namespace HybridStore.Realtime.RateLimiting;

/// <summary>What one process permits by itself: .NET's own limiters, with its part of the limit.</summary>
internal static class LocalShare
{
    public static int PermitsOf(RateLimit limit, int instances) => Math.Max(1, limit.PermitLimit / instances);

    public static PartitionedRateLimiter<string> Of(RateLimit limit, int instances)
    {
        var permits = PermitsOf(limit, instances);
        return PartitionedRateLimiter.Create<string, string>(limit.Algorithm switch
        {
            RateLimitAlgorithm.FixedWindow => key => RateLimitPartition.GetFixedWindowLimiter(key, _ => new FixedWindowRateLimiterOptions
            {
                PermitLimit = permits,
                Window = limit.Window,
            }),
            RateLimitAlgorithm.SlidingWindow => key => RateLimitPartition.GetSlidingWindowLimiter(key, _ => new SlidingWindowRateLimiterOptions
            {
                PermitLimit = permits,
                Window = limit.Window,
                SegmentsPerWindow = limit.Segments,
            }),
            _ => key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = permits,
                TokensPerPeriod = Math.Max(1, limit.TokensPerPeriod / instances),
                ReplenishmentPeriod = limit.Window,
            }),
        });
    }
}
