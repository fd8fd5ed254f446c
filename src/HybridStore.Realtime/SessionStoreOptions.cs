namespace HybridStore.Realtime;

/// <summary>The settings of sessions: how long they live, how large they may be, and whether PostgreSQL has a copy. Not thread-safe; read once,
/// when the store is made.</summary>
public sealed class SessionStoreOptions : RealtimeServiceOptions
{
    private static readonly TimeSpan LongestSliding = TimeSpan.FromDays(366);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(3660);

    /// <summary>How long a session lives after it was last used: 1 second to 366 days. To a thousandth of it, and a minute at most: each instance
    /// moves the end of a session on no more often than that. Default: 24 hours.</summary>
    public TimeSpan SlidingExpiration { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a session lives at most, however often it is used: from <see cref="SlidingExpiration"/> to 3,660 days.
    /// <see langword="null"/>: as long as it is used. Changed, it holds for sessions that begin from then on. Default: 30 days.</summary>
    public TimeSpan? AbsoluteLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>The bytes that the names and values of one session may have together: 1,024 to 16,777,216. Default: 262,144.</summary>
    public int MaximumSize { get; set; } = 256 * 1024;

    /// <summary>Whether PostgreSQL keeps a copy of each session, in the table <c>session</c> of <see cref="RealtimeOptions.Schema"/>: sessions
    /// then outlast the loss of Redis, and are served from the copy while it is away. Each change costs a write to PostgreSQL more. Once
    /// Redis has not answered, PostgreSQL must answer before Redis is trusted again. A process that alone does not reach Redis writes to the copy,
    /// and the others serve what Redis has, even what was revoked, until they hear of it: up to 5 seconds. Default: <see langword="false"/>.</summary>
    public bool PostgresCopy { get; set; }

    /// <summary>How often in a second this process may look into the copy for sessions that Redis does not have: 1 to 100,000. It keeps a flood
    /// of invented ids away from PostgreSQL; what comes beyond it gets a <see cref="SessionStoreUnavailableException"/>. Default: 1,000.</summary>
    public int CopyLookupsPerSecond { get; set; } = 1000;

    internal override string ServiceName => "sessions";

    internal override IEnumerable<string> Errors()
    {
        if (SlidingExpiration < TimeSpan.FromSeconds(1) || SlidingExpiration > LongestSliding)
        {
            yield return "SlidingExpiration must be from 1 second to 366 days; the default is 24 hours.";
        }

        if (AbsoluteLifetime is { } lifetime && (lifetime < SlidingExpiration || lifetime > LongestLifetime))
        {
            yield return "AbsoluteLifetime must be from SlidingExpiration to 3,660 days, or null for sessions that live as long as they are used; "
                + "the default is 30 days.";
        }

        if (MaximumSize is < 1024 or > 16 * 1024 * 1024)
        {
            yield return "MaximumSize must be from 1,024 to 16,777,216 bytes; the default is 262,144.";
        }

        if (CopyLookupsPerSecond is < 1 or > 100_000)
        {
            yield return "CopyLookupsPerSecond must be from 1 to 100,000; the default is 1,000.";
        }
    }
}
