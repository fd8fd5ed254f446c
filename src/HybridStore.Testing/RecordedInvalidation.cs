namespace HybridStore.Testing;

/// <summary>An invalidation that was made through an <see cref="InMemoryHybridStore"/>: of a write with all that joined it, of a call, or of
/// everything. What is rolled back is none. Thread-safe.</summary>
public sealed record RecordedInvalidation
{
    private readonly InvalidationReceipt _receipt;

    internal RecordedInvalidation(InvalidationCause cause, Invalidation what, InvalidationReceipt receipt) =>
        (Cause, Keys, Tags, TransactionId, _receipt) = (cause, what.Keys, what.Tags, what.TransactionId, receipt);

    /// <summary>What has invalidated.</summary>
    public InvalidationCause Cause { get; }

    /// <summary>The keys that were named.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>The tags that were named.</summary>
    public IReadOnlyList<string> Tags { get; }

    /// <summary>The id of the write's transaction, where it is known.</summary>
    public ulong? TransactionId { get; }

    /// <summary>Whether it is applied by now: <see cref="InvalidationStatus.Pending"/> while Redis is down.</summary>
    public InvalidationStatus Status => _receipt.Status;

    /// <summary>Cause, keys, tags and status in one line.</summary>
    public override string ToString() =>
        $"{Cause}{(TransactionId is { } id ? $" {id}" : "")}: "
        + (Cause == InvalidationCause.Flush ? "everything" : $"keys {Listed(Keys)}; tags {Listed(Tags)}")
        + (Status == InvalidationStatus.Applied ? "" : $" ({Status})");

    private static string Listed(IReadOnlyList<string> names) => names.Count == 0 ? "none" : string.Join(", ", names);
}
