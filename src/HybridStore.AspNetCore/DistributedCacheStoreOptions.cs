using HybridStore.Realtime;

namespace HybridStore.AspNetCore;

/// <summary>The settings of the distributed cache: which Redis it uses. Not thread-safe; read once, when the cache is made.</summary>
public sealed class DistributedCacheStoreOptions : RealtimeServiceOptions
{
    private static readonly TimeSpan LongestSliding = TimeSpan.FromDays(366);

    /// <summary>How long an entry lives unused whose writer says nothing of its end: 1 second to 366 days. Default: 20 minutes, which is the idle
    /// time-out of ASP.NET Core's sessions.</summary>
    public TimeSpan DefaultSlidingExpiration { get; set; } = TimeSpan.FromMinutes(20);

    /// <summary>The bytes that one entry may have: 1,024 to 268,435,456. Default: 1,048,576.</summary>
    public int MaximumSize { get; set; } = 1024 * 1024;

    internal override string ServiceName => "distributed cache entries";

    internal override IEnumerable<string> Errors()
    {
        if (DefaultSlidingExpiration < TimeSpan.FromSeconds(1) || DefaultSlidingExpiration > LongestSliding)
        {
            yield return "DefaultSlidingExpiration must be from 1 second to 366 days; the default is 20 minutes.";
        }

        if (MaximumSize is < 1024 or > 256 * 1024 * 1024)
        {
            yield return "MaximumSize must be from 1,024 to 268,435,456 bytes; the default is 1,048,576.";
        }
    }
}
