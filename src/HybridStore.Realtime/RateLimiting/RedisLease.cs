using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;

namespace HybridStore.Realtime.RateLimiting;

/// <summary>What came of asking for permits. There is nothing to give back.</summary>
/// <param name="answer">What was said.</param>
/// <param name="limit">The limit.</param>
/// <param name="isFromRedis">Whether it is what all processes together go by.</param>
/// <param name="reason">Why it is not; null where it is.</param>
internal sealed class RedisLease(RateLimitAnswer answer, int limit, bool isFromRedis, string? reason) : RateLimitLease
{
    public const string RedisIsAway = "Redis is not available.";
    public const string OnlyAsynchronously = "Permits are acquired asynchronously: use AcquireAsync.";

    private static readonly string[] Names =
        [MetadataName.RetryAfter.Name, MetadataName.ReasonPhrase.Name, RateLimitMetadata.Limit.Name, RateLimitMetadata.Remaining.Name];

    public override bool IsAcquired => answer.IsGranted;

    public override IEnumerable<string> MetadataNames => Names.Where(name => TryGetMetadata(name, out _));

    public override bool TryGetMetadata(string metadataName, [NotNullWhen(true)] out object? metadata)
    {
        metadata = metadataName switch
        {
            _ when metadataName == MetadataName.RetryAfter.Name && answer.RetryAfter > TimeSpan.Zero => answer.RetryAfter,
            _ when metadataName == MetadataName.ReasonPhrase.Name => reason,
            _ when metadataName == RateLimitMetadata.Limit.Name => limit,
            _ when metadataName == RateLimitMetadata.Remaining.Name && isFromRedis => answer.Remaining,
            _ => null,
        };
        return metadata is not null;
    }
}
