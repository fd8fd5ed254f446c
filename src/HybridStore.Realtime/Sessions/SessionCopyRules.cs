namespace HybridStore.Realtime.Sessions;

/// <summary>How far a copy may be behind.</summary>
internal static class SessionCopyRules
{
    /// <summary>What a write without Redis adds to a version: Redis may have got further than the copy has heard, by as many changes as can be
    /// under way, and the later change is to win.</summary>
    public const long VersionStep = 1 << 20;

    private static readonly TimeSpan LongestSlack = TimeSpan.FromMinutes(5);

    /// <summary>By how many milliseconds the end of a session may be later than its copy says. The less, the more writes.</summary>
    public static long SlackOf(SessionStoreOptions options) =>
        (long)Math.Min(LongestSlack.TotalMilliseconds, options.SlidingExpiration.TotalMilliseconds / 10);
}
