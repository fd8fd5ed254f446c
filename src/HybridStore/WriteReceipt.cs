namespace HybridStore;

/// <summary>What a committed write did: its transaction and the state of its invalidation. Thread-safe.</summary>
public class WriteReceipt
{
    private readonly InvalidationReceipt _invalidation;

    internal WriteReceipt(ulong? transactionId, InvalidationReceipt invalidation, bool isStrict)
    {
        TransactionId = transactionId;
        IsStrict = isStrict;
        _invalidation = invalidation;
    }

    /// <summary>The id of the PostgreSQL transaction, or <see langword="null"/> if it wrote nothing (PostgreSQL assigns ids to
    /// transactions that write) or if the answer to COMMIT was lost.</summary>
    public ulong? TransactionId { get; }

    /// <summary>Whether the invalidation is applied. <see cref="InvalidationStatus.Pending"/> means that Redis could not be
    /// reached: it is retried in the background.</summary>
    public InvalidationStatus Status => _invalidation.Status;

    /// <summary>Whether the promise of a strict write (<see cref="WriteOptions.Strict"/>) holds for this one: its fences were in Redis
    /// before COMMIT and stayed there until it was answered. <see langword="false"/> where the write was not strict, or Redis did not take
    /// its fences and it was committed all the same.</summary>
    public bool IsStrict { get; }

    /// <summary>Completes when everything named by the write is invalidated in Redis.</summary>
    /// <param name="cancellationToken">Ends the wait, not the invalidation.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled, or the store was disposed
    /// while Redis was still out of reach.</exception>
    public Task WhenApplied(CancellationToken cancellationToken = default) => _invalidation.WhenApplied(cancellationToken);

    internal WriteReceipt<T> WithResult<T>(T result) => new(TransactionId, _invalidation, IsStrict, result);
}

/// <summary>The receipt of a write that returns a result. Thread-safe.</summary>
/// <typeparam name="T">The result's type.</typeparam>
public sealed class WriteReceipt<T> : WriteReceipt
{
    internal WriteReceipt(ulong? transactionId, InvalidationReceipt invalidation, bool isStrict, T result)
        : base(transactionId, invalidation, isStrict) => Result = result;

    /// <summary>What the write's callback returned.</summary>
    public T Result { get; }
}
