namespace HybridStore.Realtime.Snapshots;

/// <summary>What a snapshot writes of a structure.</summary>
/// <param name="Kind">What it is, as PostgreSQL knows it.</param>
/// <param name="Name">Which one.</param>
/// <param name="Left">How long it lasts; null for ever.</param>
/// <param name="Digest">Of all that it holds; null where marks tell what has changed.</param>
/// <param name="Entries">What has changed, each field once.</param>
internal sealed record ChangedStructure(string Kind, string Name, TimeSpan? Left, byte[]? Digest, IReadOnlyCollection<SnapshotEntry> Entries);
