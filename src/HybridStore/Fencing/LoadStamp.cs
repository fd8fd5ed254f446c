namespace HybridStore.Fencing;

/// <summary>
/// The stamp of a load while it is being put together: the meet of the snapshots of everything that it reads. One input without a
/// stamp leaves the load without one. Thread-safe: a load may read several keys through the store at once.
/// </summary>
/// <param name="isWanted">False where the value cannot be stored: no snapshot is then asked for.</param>
internal sealed class LoadStamp(bool isWanted)
{
    /// <summary>Asks PostgreSQL for what a stamp needs, in one row.</summary>
    public const string Sql = "SELECT pg_current_snapshot()::text, pg_is_in_recovery()";

    private readonly Lock _lock = new();
    private SnapshotStamp? _snapshot;
    private bool _hasUnstampedInput;

    public bool IsWanted { get; } = isWanted;

    /// <summary>Whether some of it was read on a standby.</summary>
    public bool IsFromStandby { get; private set; }

    /// <summary>Null if nothing was stamped, or something was not.</summary>
    public SnapshotStamp? Snapshot
    {
        get
        {
            lock (_lock)
            {
                return _hasUnstampedInput ? null : _snapshot;
            }
        }
    }

    /// <summary>A snapshot that was taken before the statements it stands for.</summary>
    public void Add(string snapshot, bool inRecovery)
    {
        var stamp = SnapshotStamp.Parse(snapshot);

        // A standby's list of running transactions is empty, whatever runs on the primary: its snapshot is good up to xmin only.
        Add(inRecovery ? SnapshotStamp.OnStandby(stamp.Xmin) : stamp, inRecovery);
    }

    /// <summary>The stamp of a value that the load has read through the store; null for one without a stamp.</summary>
    public void AddInput(SnapshotStamp? stamp, bool isFromStandby)
    {
        if (stamp is not null)
        {
            Add(stamp, isFromStandby);
            return;
        }

        lock (_lock)
        {
            _hasUnstampedInput = true;
        }
    }

    private void Add(SnapshotStamp stamp, bool isFromStandby)
    {
        lock (_lock)
        {
            _snapshot = _snapshot is null ? stamp : SnapshotStamp.Meet(_snapshot, stamp);
            IsFromStandby |= isFromStandby;
        }
    }
}
