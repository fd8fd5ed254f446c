using HybridStore.Writing;

namespace HybridStore;

/// <summary>What a committed write did: its transaction and the state of its invalidation. Thread-safe.</summary>
public class WriteReceipt
{
    private readonly OpenWrite? _whole;
    private readonly InvalidationReceipt? _invalidation;
    private readonly ulong? _transactionId;
    private readonly bool _isStrict;
    private readonly bool _isDurable;

    internal WriteReceipt(ulong? transactionId, InvalidationReceipt invalidation, bool isStrict, bool isDurable) =>
        (_transactionId, _invalidation, _isStrict, _isDurable) = (transactionId, invalidation, isStrict, isDurable);

    /// <summary>The receipt of a write that has joined another one.</summary>
    internal WriteReceipt(OpenWrite whole) => _whole = whole;

    private protected WriteReceipt(WriteReceipt other) => (_transactionId, _invalidation, _isStrict, _isDurable, _whole) =
        (other._transactionId, other._invalidation, other._isStrict, other._isDurable, other._whole);

    /// <summary>The id of the PostgreSQL transaction, or <see langword="null"/> if it wrote nothing (PostgreSQL assigns ids to
    /// transactions that write), if the answer to COMMIT was lost, and as long as a write that this one has joined is not
    /// committed.</summary>
    public ulong? TransactionId => _whole is null ? _transactionId : _whole.Receipt?.TransactionId;

    /// <summary>What makes later reads, in any process, reflect this write: hand it to <see cref="ReadOptions.AtLeast"/>. Asks for nothing
    /// where <see cref="TransactionId"/> is <see langword="null"/>.</summary>
    public WriteToken Token => new(TransactionId, IsDurable);

    /// <summary>Whether the invalidation is applied. <see cref="InvalidationStatus.Pending"/> means that Redis could not be
    /// reached: it is retried in the background. Or that a write that this one has joined is not committed yet.</summary>
    public InvalidationStatus Status =>
        _whole is null ? _invalidation!.Status : _whole.Receipt?.Status ?? InvalidationStatus.Pending;

    /// <summary>Whether the promise of a strict write (<see cref="WriteOptions.Strict"/>) holds for this one: its fences were in Redis
    /// before COMMIT and stayed there until it was answered. <see langword="false"/> where the write was not strict, or Redis did not take
    /// its fences and it was committed all the same.</summary>
    public bool IsStrict => _whole is null ? _isStrict : _whole.Receipt is { IsStrict: true };

    /// <summary>Whether the journal names what this write invalidates (<see cref="WriteOptions.Durability"/>), so that it reaches Redis even if
    /// this process dies.</summary>
    public bool IsDurable => _whole is null ? _isDurable : _whole.Receipt is { IsDurable: true };

    /// <summary>Completes when everything named by the write is invalidated in Redis.</summary>
    /// <param name="cancellationToken">Ends the wait, not the invalidation.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled, or the store was disposed
    /// while Redis was still out of reach, or the write that this one has joined was rolled back.</exception>
    public async Task WhenApplied(CancellationToken cancellationToken = default)
    {
        var whole = _whole is null ? this : await _whole.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        await whole._invalidation!.WhenApplied(cancellationToken).ConfigureAwait(false);
    }

    internal WriteReceipt<T> WithResult<T>(T result) => new(this, result);
}

/// <summary>The receipt of a write that returns a result. Thread-safe.</summary>
/// <typeparam name="T">The result's type.</typeparam>
public sealed class WriteReceipt<T> : WriteReceipt
{
    internal WriteReceipt(WriteReceipt receipt, T result)
        : base(receipt) => Result = result;

    /// <summary>What the write's callback returned.</summary>
    public T Result { get; }
}
