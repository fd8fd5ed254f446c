namespace HybridStore.Realtime.Sessions;

/// <summary>Counts writes, for whoever waits until none is under way.</summary>
internal sealed class WritesUnderWay
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _ended;
    private int _count;

    /// <summary>Completes when all writes that have begun by now have ended.</summary>
    public Task Ended
    {
        get
        {
            lock (_lock)
            {
                return _ended?.Task ?? Task.CompletedTask;
            }
        }
    }

    public void Begin()
    {
        lock (_lock)
        {
            _count++;
            _ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void End()
    {
        TaskCompletionSource? ended = null;
        lock (_lock)
        {
            if (--_count == 0)
            {
                (ended, _ended) = (_ended, null);
            }
        }

        ended?.SetResult();
    }
}
