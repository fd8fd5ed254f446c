namespace HybridStore.Realtime.Snapshots;

/// <summary>What has been put aside of a structure.</summary>
/// <param name="Left">How long the structure lasts from now on; null for ever.</param>
internal sealed record StagedEntries(TimeSpan? Left)
{
    public int Count { get; private set; }

    /// <summary>The least value, byte by byte; null without entries.</summary>
    public byte[]? LeastValue { get; private set; }

    /// <summary>The greatest value, byte by byte; null without entries.</summary>
    public byte[]? GreatestValue { get; private set; }

    public void Add(IEnumerable<SnapshotEntry> entries)
    {
        foreach (var entry in entries)
        {
            Count++;
            LeastValue = LeastValue is null || entry.Value.AsSpan().SequenceCompareTo(LeastValue) < 0 ? entry.Value : LeastValue;
            GreatestValue = GreatestValue is null || entry.Value.AsSpan().SequenceCompareTo(GreatestValue) > 0 ? entry.Value : GreatestValue;
        }
    }
}
