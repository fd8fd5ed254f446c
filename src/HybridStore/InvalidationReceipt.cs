namespace HybridStore;

/// <summary>What became of an invalidation. Thread-safe.</summary>
public sealed class InvalidationReceipt
{
    private readonly Task _applied;

    internal InvalidationReceipt(Task applied) => _applied = applied;

    internal static InvalidationReceipt AlreadyApplied { get; } = new(Task.CompletedTask);

    /// <summary>The state at this moment; <see cref="InvalidationStatus.Pending"/> turns into
    /// <see cref="InvalidationStatus.Applied"/> once Redis has confirmed it.</summary>
    public InvalidationStatus Status =>
        _applied.IsCompletedSuccessfully ? InvalidationStatus.Applied : InvalidationStatus.Pending;

    /// <summary>Completes when the invalidation is applied; at once if it is.</summary>
    /// <param name="cancellationToken">Ends the wait, not the invalidation.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled, or the store was disposed
    /// while Redis was still out of reach.</exception>
    public Task WhenApplied(CancellationToken cancellationToken = default) => _applied.WaitAsync(cancellationToken);
}
