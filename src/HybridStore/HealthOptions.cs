namespace HybridStore;

/// <summary>What the health check of a store, <c>AddHealthChecks().AddHybridStore()</c>, goes by.</summary>
public sealed class HealthOptions
{
    private static readonly TimeSpan ShortestLag = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLag = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(1);

    /// <summary>How old the oldest applied mark of the journal may be before the store counts as degraded: 1 s to 1 hour. Twice
    /// <see cref="JournalOptions.MarkInterval"/> is always allowed. Default: 10 s.</summary>
    public TimeSpan JournalLag { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long each part of the check may take; they run side by side: 100 ms to 1 minute. A PostgreSQL that takes longer counts as
    /// down. Default: 5 s.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    internal IEnumerable<string> Validate()
    {
        if (JournalLag < ShortestLag || JournalLag > LongestLag)
        {
            yield return "Health.JournalLag must be from 1 s to 1 hour; the default is 00:00:10.";
        }

        if (ProbeTimeout < ShortestTimeout || ProbeTimeout > LongestTimeout)
        {
            yield return "Health.ProbeTimeout must be from 100 ms to 1 minute; the default is 00:00:05.";
        }
    }
}
