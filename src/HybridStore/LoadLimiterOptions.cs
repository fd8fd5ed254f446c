namespace HybridStore;

/// <summary>
/// How many loads run against PostgreSQL at once while Redis does not spare it the reads. More wait, a bounded number of them for a bounded
/// time, and then fail with a <see cref="HybridStoreOverloadedException"/>: an outage of Redis does not become one of the database.
/// </summary>
/// <remarks>
/// It counts loads and not readers: those who ask for the same key share one. A load inside another one shares its permit, and one inside
/// an open transaction does not wait, since it would keep its connection and locks meanwhile; it takes a permit if one is free.
/// </remarks>
public sealed class LoadLimiterOptions
{
    internal const int MostLoads = 100_000;
    internal const int MostQueued = 1_000_000;

    internal static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>How many loads run at once: 1 to 100,000. Default: unset, half of the connections that the pool of the store's
    /// <c>NpgsqlDataSource</c> may open (<c>Maximum Pool Size</c>, 100 unless it is set), which leaves the other half to writes.</summary>
    public int? MaxConcurrentLoads { get; set; }

    /// <summary>How many more may wait for their turn: 0 to 1,000,000. Default: 1,000.</summary>
    public int MaxQueuedLoads { get; set; } = 1000;

    /// <summary>How long one of them waits: zero to 1 minute. Default: 3 s.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Whether the limit holds all the time. Default: <see langword="false"/>, while the circuit breaker is not closed, and for reads
    /// that Redis has not answered or may not answer yet. Early refreshes, which nobody waits for, are then left out while no permit is
    /// free.</summary>
    public bool Always { get; set; }

    internal IEnumerable<string> Validate()
    {
        if (MaxConcurrentLoads is < 1 or > MostLoads)
        {
            yield return "LoadLimiter.MaxConcurrentLoads must be from 1 to 100,000; leave it unset for half of the Npgsql pool.";
        }

        if (MaxQueuedLoads is < 0 or > MostQueued)
        {
            yield return "LoadLimiter.MaxQueuedLoads must be from 0 to 1,000,000; the default is 1,000.";
        }

        if (MaxWait < TimeSpan.Zero || MaxWait > LongestWait)
        {
            yield return "LoadLimiter.MaxWait must be from zero to 1 minute; the default is 00:00:03.";
        }
    }
}
