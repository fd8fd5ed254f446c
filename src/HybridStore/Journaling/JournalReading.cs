using HybridStore.Fencing;

namespace HybridStore.Journaling;

/// <summary>One look into the journal.</summary>
/// <param name="PostgresTime">Microseconds since the Unix epoch on PostgreSQL's clock, read before the snapshot was taken.</param>
/// <param name="Snapshot">Which transactions could be seen.</param>
/// <param name="BootMark">What database counts them.</param>
/// <param name="PurgedBelow">Rows of smaller ids may be gone.</param>
/// <param name="LookedAt">When the time was told, in the timer's ticks: not before that.</param>
internal sealed record JournalReading(
    long PostgresTime, SnapshotStamp Snapshot, BootMark BootMark, ulong PurgedBelow, long LookedAt);
