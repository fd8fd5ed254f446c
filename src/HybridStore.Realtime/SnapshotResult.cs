namespace HybridStore.Realtime;

/// <summary>What a snapshot has written. Immutable.</summary>
/// <param name="Structures">Boards, groups of users and tracked structures with a change.</param>
/// <param name="Written">Members and fields that were new or had changed.</param>
/// <param name="Removed">Members and fields that were there no more.</param>
public sealed record SnapshotResult(int Structures, long Written, long Removed);
