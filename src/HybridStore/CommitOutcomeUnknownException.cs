namespace HybridStore;

/// <summary>
/// COMMIT was sent to PostgreSQL and its answer never came: the transaction may or may not be committed. Everything that the
/// write named has been invalidated all the same, so the cache is right in either case. Look at the data before repeating the
/// write.
/// </summary>
public sealed class CommitOutcomeUnknownException : Exception
{
    internal CommitOutcomeUnknownException(InvalidationReceipt invalidation, Exception innerException)
        : base(
            "COMMIT was sent and its answer never came: the transaction may or may not be committed. The keys and tags of the "
            + "write are invalidated in either case. Read the data before repeating the write.",
            innerException) => Invalidation = invalidation;

    /// <summary>The state of the invalidation that was made to be on the safe side.</summary>
    public InvalidationReceipt Invalidation { get; }
}
