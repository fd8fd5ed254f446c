namespace HybridStore.Realtime.Snapshots;

/// <summary>What Redis holds of a structure at one moment.</summary>
/// <param name="Left">How long it lasts; null for ever.</param>
/// <param name="Entries">The fields that were asked for, the removed ones among them.</param>
internal sealed record SnapshotReading(TimeSpan? Left, List<SnapshotEntry> Entries);
