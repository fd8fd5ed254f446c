using HybridStore.Realtime.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Snapshots;

/// <summary>How structures of a kind are read for a snapshot, and put back from one. Safe to use from any thread.</summary>
/// <remarks>Everything throws <see cref="RealtimeUnavailableException"/> where Redis does not answer.</remarks>
internal abstract class SnapshotKind(RedisLink link, string prefix)
{
    /// <summary>Entries that are read, staged or written at a time.</summary>
    public const int ChunkSize = 500;

    /// <summary>How long something may lie aside until all of it does.</summary>
    protected const int StagedMilliseconds = 60_000;

    public RedisLink Link { get; } = link;

    /// <summary>What names in Redis begin with. In PostgreSQL it tells applications apart that share a schema.</summary>
    public string Prefix { get; } = prefix;

    /// <summary>As PostgreSQL knows it.</summary>
    public abstract string Name { get; }

    /// <summary>As marks know it.</summary>
    public abstract char Letter { get; }

    /// <summary>The marks of a partition.</summary>
    public static RedisKey DirtyKey(string prefix, string tag) => $"{prefix}:snapshot:{tag}:dirty";

    /// <summary>Reads some fields at one moment; null if Redis has lost the structure or let it expire.</summary>
    public abstract Task<SnapshotReading?> ReadAsync(string name, IReadOnlyList<byte[]> fields, CancellationToken cancellationToken);

    /// <summary>Which incarnation of the structure Redis holds; null if none. While it stays the same, what a scan finds belongs
    /// together.</summary>
    public abstract Task<string?> IncarnationOfAsync(string name, CancellationToken cancellationToken);

    /// <summary>Walks through all entries. What is changed meanwhile may be met or not, and once or twice.</summary>
    public abstract IAsyncEnumerable<List<SnapshotEntry>> ScanAsync(string name, CancellationToken cancellationToken);

    /// <summary>Puts some entries aside, under names that nobody else uses and that expire by themselves.</summary>
    public abstract Task StageAsync(string name, string token, IReadOnlyList<SnapshotEntry> entries, CancellationToken cancellationToken);

    /// <summary>Makes what was put aside the structure, unless somebody else has done so meanwhile.</summary>
    /// <returns>False if not everything is there any more, and it has to be staged again.</returns>
    public abstract Task<bool> AdoptAsync(string name, string token, StagedEntries staged, CancellationToken cancellationToken);

    /// <summary>What PTTL says.</summary>
    protected static TimeSpan? LeftOf(long milliseconds) => milliseconds < 0 ? null : TimeSpan.FromMilliseconds(milliseconds);
}
