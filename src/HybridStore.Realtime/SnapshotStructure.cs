namespace HybridStore.Realtime;

/// <summary>What the application keeps under a key of its own that snapshots are to cover.</summary>
public enum SnapshotStructure
{
    /// <summary>A sorted set.</summary>
    SortedSet = 0,

    /// <summary>A hash.</summary>
    Hash = 1,
}
