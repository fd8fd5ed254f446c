namespace HybridStore.Resilience;

/// <summary>What a store does behind its callers from its start to its end: begun once, by whoever comes first, and ended with the store. Safe to
/// use from any thread.</summary>
/// <param name="loop">Runs until its token is cancelled. It must not throw.</param>
internal sealed class BackgroundLoop(Func<CancellationToken, Task> loop) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task? _running;

    public void Start()
    {
        lock (_lock)
        {
            if (!_stopping.IsCancellationRequested)
            {
                _running ??= Task.Run(() => loop(_stopping.Token), CancellationToken.None);
            }
        }
    }

    /// <summary>Ends it and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task? running;
        lock (_lock)
        {
            running = _running;
        }

        if (running is not null)
        {
            await running.ConfigureAwait(false);
        }
    }
}
