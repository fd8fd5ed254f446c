using HybridStore.Fencing;

namespace HybridStore.Journaling.Listening;

/// <summary>What one look into the journal has brought.</summary>
/// <param name="Found">How many names were new.</param>
/// <param name="Snapshot">What could be seen. Of several looks the earliest: who waits for what ends has to wait for all.</param>
internal readonly record struct JournalLook(int Found, SnapshotStamp? Snapshot)
{
    public JournalLook With(JournalLook other) => new(Found + other.Found, Snapshot ?? other.Snapshot);
}
