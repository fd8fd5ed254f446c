namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A load that a test lets read, and return, when it is their turn.</summary>
/// <param name="read">What it reads.</param>
/// <param name="holdBeforeReading">Whether it also waits before it reads, with its lease in hand.</param>
internal sealed class HeldLoad<T>(Func<LoadContext, CancellationToken, ValueTask<T>> read, bool holdBeforeReading = false)
{
    private readonly TaskCompletionSource _begun = NewGate();
    private readonly TaskCompletionSource _mayRead = NewGate();
    private readonly TaskCompletionSource _hasRead = NewGate();
    private readonly TaskCompletionSource _mayReturn = NewGate();
    private int _runs;

    public int Runs => Volatile.Read(ref _runs);

    public Task Begun => _begun.Task;

    public Task HasRead => _hasRead.Task;

    public Task LetReadAsync()
    {
        _mayRead.TrySetResult();
        return HasRead.WaitAsync(TestContext.Current.CancellationToken);
    }

    public void LetReturn()
    {
        _mayRead.TrySetResult();
        _mayReturn.TrySetResult();
    }

    public async ValueTask<T> RunAsync(LoadContext context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        _begun.TrySetResult();
        if (holdBeforeReading)
        {
            await _mayRead.Task.WaitAsync(cancellationToken);
        }

        T value;
        try
        {
            value = await read(context, cancellationToken);
        }
        catch (Exception error)
        {
            // For the test that waits for it.
            _hasRead.TrySetException(error);
            throw;
        }

        _hasRead.TrySetResult();
        await _mayReturn.Task.WaitAsync(cancellationToken);
        return value;
    }

    private static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
