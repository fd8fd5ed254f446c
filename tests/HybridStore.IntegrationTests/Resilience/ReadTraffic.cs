namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Callers that read PostgreSQL rows through a store until they are stopped. A read that fails ends them with its
/// exception, a wrong value too.</summary>
internal sealed class ReadTraffic : IAsyncDisposable
{
    private const int Keys = 50;
    private const int ReadsOfEachCaller = 20;

    private readonly StoreHost _host;
    private readonly CancellationTokenSource _stopping = new();
    private readonly int[] _reads;
    private readonly Task[] _callers;

    public ReadTraffic(StoreHost host, int callers)
    {
        _host = host;
        _reads = new int[callers];
        _callers = [.. Enumerable.Range(0, callers).Select(caller => Task.Run(() => ReadAsync(caller)))];
    }

    /// <summary>Ends when every caller has made a good number of further reads.</summary>
    public async Task ContinueAsync()
    {
        var goals = Enumerable.Range(0, _reads.Length).Select(caller => Volatile.Read(ref _reads[caller]) + ReadsOfEachCaller).ToArray();
        await Eventually.HappensAsync(
            async () =>
            {
                if (Array.Find(_callers, caller => caller.IsCompleted) is { } ended)
                {
                    await ended;
                }

                return !goals.Where((goal, caller) => Volatile.Read(ref _reads[caller]) < goal).Any();
            },
            "every caller goes on reading");
    }

    /// <summary>Throws what a caller has met.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_callers);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_callers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task ReadAsync(int caller)
    {
        for (var read = 0; !_stopping.IsCancellationRequested; read++)
        {
            var id = (caller + read) % Keys;
            Assert.Equal(id * 10, await _host.Store.GetAsync<int>($"row:{id}", "select @id * 10", new { id }));
            Interlocked.Increment(ref _reads[caller]);
        }
    }
}
