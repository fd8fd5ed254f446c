namespace HybridStore.Consistency.History;

/// <summary>What a worker did that changes or invalidates.</summary>
internal enum OperationKind
{
    Direct,
    Strict,
    Joined,
    Apart,
    Enlisted,
    RolledBack,

    /// <summary>Stores what it has written.</summary>
    Through,

    /// <summary>Committed past the store, then invalidated with the transaction's id.</summary>
    ForeignNamed,

    /// <summary>The same without the id.</summary>
    Foreign,

    /// <summary>What it invalidates is named in the journal.</summary>
    Durable,

    /// <summary>Committed past the store, of watched rows, and never invalidated.</summary>
    Bypass,

    /// <summary>An invalidation without a change.</summary>
    Invalidation,
    Flush,

    /// <summary>Committed, then removed from a cache that is not ours.</summary>
    Peer,
}

/// <summary>Whether a write asked for strictness, and what was to become of it where the fences could not be set.</summary>
internal enum StrictDemand
{
    None,
    Proceed,
    Abort,
}
