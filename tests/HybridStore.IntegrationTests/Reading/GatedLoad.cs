namespace HybridStore.IntegrationTests.Reading;

/// <summary>A load that waits to be released.</summary>
internal sealed class GatedLoad<T>(T value, Action<LoadContext>? atItsEnd = null)
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runs;

    public int Runs => Volatile.Read(ref _runs);

    public Task Started => _started.Task;

    /// <summary>The load is about to return.</summary>
    public Task Ended => _ended.Task;

    public void Release() => _gate.TrySetResult();

    public async ValueTask<T> RunAsync(LoadContext context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        _started.TrySetResult();
        await _gate.Task.WaitAsync(cancellationToken);
        atItsEnd?.Invoke(context);
        _ended.TrySetResult();
        return value;
    }
}
