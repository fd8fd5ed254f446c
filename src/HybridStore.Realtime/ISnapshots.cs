namespace HybridStore.Realtime;

/// <summary>
/// Snapshots in PostgreSQL of what leaderboards, user state and tracked structures hold in Redis. One of the instances takes them at each
/// interval, and only of what has changed; what Redis has lost is put back from them. Safe to use from any thread.
/// </summary>
public interface ISnapshots
{
    /// <summary>Takes a snapshot now, besides those of the schedule.</summary>
    /// <param name="cancellationToken">Cancels; what has been written by then stays.</param>
    /// <returns>What it has written.</returns>
    /// <exception cref="RealtimeUnavailableException">Redis is away.</exception>
    /// <exception cref="Npgsql.NpgsqlException">PostgreSQL is away. What has changed is in the next snapshot.</exception>
    Task<SnapshotResult> TakeAsync(CancellationToken cancellationToken = default);
}
