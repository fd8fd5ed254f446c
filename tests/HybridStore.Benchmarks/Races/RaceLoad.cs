namespace HybridStore.Benchmarks.Races;

/// <summary>A load that has read its row when a race lets it return: the same gates for everybody.</summary>
internal sealed class RaceLoad
{
    private readonly TaskCompletionSource _hasRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _mayReturn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runs;

    private RaceLoad()
    {
    }

    public int Runs => Volatile.Read(ref _runs);

    public Task HasRead => _hasRead.Task;

    public static RaceLoad Held() => new();

    public static RaceLoad Free()
    {
        var load = new RaceLoad();
        load.LetReturn();
        return load;
    }

    public void LetReturn() => _mayReturn.TrySetResult();

    public async Task<int> RunAsync(Func<CancellationToken, Task<int>> read, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        try
        {
            var version = await read(cancellationToken);
            _hasRead.TrySetResult();
            await _mayReturn.Task.WaitAsync(cancellationToken);
            return version;
        }
        catch (Exception error)
        {
            // For the race that waits for it.
            _hasRead.TrySetException(error);
            throw;
        }
    }
}
