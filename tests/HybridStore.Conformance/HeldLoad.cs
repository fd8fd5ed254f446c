namespace HybridStore.Conformance;

/// <summary>A load that returns its value when it is released.</summary>
internal sealed class HeldLoad(int value, params string[] tags)
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runs;

    public int Runs => Volatile.Read(ref _runs);

    public Task Started => _started.Task;

    /// <summary>Its token was cancelled.</summary>
    public Task Abandoned => _abandoned.Task;

    public void Release() => _released.TrySetResult();

    public Task<int> ReadAsync(
        IHybridStore store, string key, CancellationToken cancellationToken, EntryOptions? options = null) =>
        store.GetAsync(key, RunAsync, options, cancellationToken).AsTask();

    private async ValueTask<int> RunAsync(LoadContext context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        _started.TrySetResult();
        try
        {
            await _released.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _abandoned.TrySetResult();
            throw;
        }

        context.AddTags(tags);
        return value;
    }
}
