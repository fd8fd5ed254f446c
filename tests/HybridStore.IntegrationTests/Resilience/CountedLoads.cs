namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Loads that take PostgreSQL some time, and how many of them run at once.</summary>
internal sealed class CountedLoads
{
    private int _runs;
    private int _running;
    private int _most;

    public int Runs => Volatile.Read(ref _runs);

    /// <summary>The most that ran at once.</summary>
    public int Most => Volatile.Read(ref _most);

    public async ValueTask<int> SleepAsync(LoadContext load, CancellationToken cancellationToken)
    {
        var running = Interlocked.Increment(ref _running);
        for (var most = Most; running > most; most = Most)
        {
            Interlocked.CompareExchange(ref _most, running, most);
        }

        try
        {
            await load.ExecuteScalarAsync<int>("select 1 from pg_sleep(0.005)", cancellationToken: cancellationToken);
            return Interlocked.Increment(ref _runs);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
