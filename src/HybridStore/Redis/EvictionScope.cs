namespace HybridStore.Redis;

/// <summary>What a Redis that is full may evict, the worse the larger.</summary>
internal enum EvictionScope
{
    /// <summary>It has no limit, or refuses what needs memory.</summary>
    Nothing = 0,

    /// <summary>Only what has a time to live: entries and guards. Both may go at any time.</summary>
    Expiring = 1,

    /// <summary>It does not tell.</summary>
    Unknown = 2,

    /// <summary>Also what has none: tag sets, fences of tags, and the state of a partition.</summary>
    Everything = 3,
}

/// <summary>The words of <c>maxmemory-policy</c>.</summary>
internal static class EvictionScopes
{
    public static EvictionScope Of(string? policy, bool hasLimit) => policy switch
    {
        null or "" => EvictionScope.Unknown,
        "noeviction" => EvictionScope.Nothing,
        _ when policy.StartsWith("volatile-", StringComparison.Ordinal) => hasLimit ? EvictionScope.Expiring : EvictionScope.Nothing,
        _ => hasLimit ? EvictionScope.Everything : EvictionScope.Nothing,
    };

    /// <summary>As reports and logs say it.</summary>
    public static string WordOf(EvictionScope scope) => scope switch
    {
        EvictionScope.Nothing => "nothing",
        EvictionScope.Expiring => "expiring",
        EvictionScope.Everything => "everything",
        _ => "unknown",
    };
}
