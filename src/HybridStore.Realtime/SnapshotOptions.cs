namespace HybridStore.Realtime;

/// <summary>The settings of snapshots. Not thread-safe; read once.</summary>
public sealed class SnapshotOptions : RealtimeServiceOptions
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);
    private static readonly TimeSpan ShortestHistory = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestHistory = TimeSpan.FromDays(3650);

    /// <summary>How often one of the instances takes a snapshot, and so how much can be lost with Redis: 100 ms to 1 day. (A minute more where the
    /// instance whose turn it was has died in it: another then takes over.) Default: 5 minutes.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the table <c>snapshot_history</c> keeps what each snapshot has found changed: 1 minute to 3,650 days. Default:
    /// <see langword="null"/>, it is kept empty.</summary>
    public TimeSpan? History { get; set; }

    /// <summary>How many changes are read and written at a time, in one transaction: 1 to 10,000. Default: 1,000.</summary>
    public int BatchSize { get; set; } = 1000;

    internal List<(string Key, SnapshotStructure Structure)> Tracked { get; } = [];

    internal override string ServiceName => "snapshots";

    /// <summary>Has a sorted set or a hash kept in snapshots too that the application writes with a client of its own, in the Redis of the
    /// snapshots. Each snapshot reads all of it unless Redis tells by keyspace notifications that it has not changed
    /// (<c>notify-keyspace-events</c> with <c>Kgzh</c> or more), and writes what has changed. On a server that evicts, what the application deletes
    /// may come back: there a deletion looks like an eviction.</summary>
    /// <param name="key">Its key, whole: 1 to 1,024 bytes in UTF-8 without control characters. Its members or fields may have 2,000
    /// bytes.</param>
    /// <param name="structure">What is kept there.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is no such text.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="structure"/> is no known structure.</exception>
    public void Track(string key, SnapshotStructure structure)
    {
        Snapshots.TrackedKey.ThrowIfInvalid(key, structure);
        Tracked.Add((key, structure));
    }

    internal override IEnumerable<string> Errors()
    {
        if (Interval < ShortestInterval || Interval > LongestInterval)
        {
            yield return "Interval must be from 100 ms to 1 day; the default is 5 minutes.";
        }

        if (History < ShortestHistory || History > LongestHistory)
        {
            yield return "History must be from 1 minute to 3,650 days; leave it unset to keep none.";
        }

        if (BatchSize is < 1 or > 10_000)
        {
            yield return "BatchSize must be from 1 to 10,000; the default is 1,000.";
        }
    }
}
