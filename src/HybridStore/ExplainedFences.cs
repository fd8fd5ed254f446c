namespace HybridStore;

/// <summary>The writes that have invalidated a key or a tag, as long as Redis remembers them
/// (<see cref="HybridStoreOptions.FenceTtl"/>). Part of an <see cref="EntryExplanation"/>.</summary>
public sealed record ExplainedFences
{
    /// <summary>The writes that are remembered one by one, in the order of their ids.</summary>
    public IReadOnlyList<ExplainedFence> Exact { get; init; } = [];

    /// <summary>The largest id of those that were too many to be remembered one by one: an entry has to be newer than all up to here.
    /// <see langword="null"/> if there were not too many.</summary>
    public ulong? Floor { get; init; }

    /// <summary>Whether the entry's stamp is newer than <see cref="Floor"/>. <see langword="null"/> if there is no floor, or no entry with
    /// a stamp.</summary>
    public bool? IsFloorSeen { get; init; }

    /// <summary>Whether one of those below <see cref="Floor"/> was set before its COMMIT: loads without a stamp are not stored while this
    /// stands.</summary>
    public bool IsFloorBeforeCommit { get; init; }
}
