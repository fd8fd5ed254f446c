namespace HybridStore.IntegrationTests.Reading.Stale;

/// <summary>A load that ends when and as the test says, or when its token is cancelled.</summary>
internal sealed class HeldLoad
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runs;

    public int Runs => Volatile.Read(ref _runs);

    public Task Started => _started.Task.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>It has ended because its token was cancelled.</summary>
    public Task Abandoned => _abandoned.Task;

    public void Return(int value) => _end.TrySetResult(value);

    public void Fail() => _end.TrySetException(new DatabaseAwayException());

    public ValueTask<int> RunAsync(LoadContext context, CancellationToken cancellationToken) => new(RunAsync(cancellationToken));

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        _started.TrySetResult();
        try
        {
            return await _end.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _abandoned.TrySetResult();
            throw;
        }
    }
}

/// <summary>What loads fail with here.</summary>
internal sealed class DatabaseAwayException() : Exception("The database is away.");
