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

    /// <summary>Has a sorted set or a hash kept in snapshots too that the application writes with a client of its own: see
    /// <see cref="SnapshotOptions.Track"/>. Every instance has to say so.</summary>
    /// <param name="key">Its key, whole: 1 to 1,024 bytes in UTF-8 without control characters.</param>
    /// <param name="structure">What is kept there.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is no such text, or tracked as something else.</exception>
    void Track(string key, SnapshotStructure structure);

    /// <summary>Puts tracked sorted sets and hashes back that Redis has lost. It happens by itself when Redis was reached, for the first time or
    /// again, and with each snapshot; boards and user state need it never.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>How many were put back.</returns>
    /// <exception cref="RealtimeUnavailableException">Redis is away.</exception>
    /// <exception cref="Npgsql.NpgsqlException">PostgreSQL is away.</exception>
    Task<int> RestoreAsync(CancellationToken cancellationToken = default);
}
