namespace HybridStore.Consistency.Checking;

/// <summary>Which promise was broken.</summary>
internal enum ViolationKind
{
    /// <summary>Older than a write whose invalidation, by the key's name, was applied before the read began.</summary>
    StaleAfterKeyInvalidation,

    /// <summary>The same by a tag's name.</summary>
    StaleAfterTagInvalidation,

    /// <summary>Older than what was visible before a flush that was applied before the read began.</summary>
    StaleAfterFlush,

    /// <summary>Older than a strict write whose commit was visible before the read began.</summary>
    StaleAfterStrictCommit,

    /// <summary>Older than what a call of the reader's own process had invalidated, or was still trying to, before the read began.</summary>
    StaleInOwnProcess,

    /// <summary>Older than the write whose token was given.</summary>
    OlderThanToken,

    /// <summary>A read past the cache that did not see what was visible before it began.</summary>
    StalePastCache,

    /// <summary>Served longer than the time to live allows.</summary>
    ServedTooLong,

    /// <summary>Older than what the journal had been told, by a trigger or a durable write, and was visible for as long as the reader's bound
    /// before the read began.</summary>
    OlderThanBound,

    /// <summary>Cached when all was over and the journal applied to its end, and not what the row is.</summary>
    UnequalAtEnd,

    /// <summary>A value that no committed write has written.</summary>
    NeverCommitted,

    /// <summary>Not the rows that the key shows, or a list that shows one row of a write and not another.</summary>
    TornValue,

    /// <summary>Reported as committed, and not in the database.</summary>
    CommittedAndLost,

    /// <summary>Reported as rolled back, and in the database.</summary>
    RolledBackAndThere,

    /// <summary>A request that failed because of Redis.</summary>
    FailedBecauseOfRedis,

    /// <summary>A call that invalidates and failed, whatever the reason: it has to wait and try again.</summary>
    InvalidationFailed,

    /// <summary>A request that failed although nothing was disturbed.</summary>
    FailedUndisturbed,
}
