namespace HybridStore.Fencing;

/// <summary>
/// The stamp of a load while it is being put together: the meet of the snapshots of everything that it reads. One input without a
/// stamp leaves the load without one. Thread-safe: a load may read several keys through the store at once.
/// </summary>
/// <param name="isWanted">False where the value cannot be stored: no snapshot is then asked for.</param>
internal sealed class LoadStamp(bool isWanted)
{
    /// <summary>Asks PostgreSQL for what a stamp needs, in one row.</summary>
    public const string Sql = "SELECT pg_current_snapshot()::text, pg_is_in_recovery(), " + BootMark.Sql;

    private readonly Lock _lock = new();
    private SnapshotStamp? _known;
    private bool _hasUnstampedInput;

    public bool IsWanted { get; } = isWanted;

    /// <summary>Whether others than the caller whose load it is may take the value.</summary>
    public bool IsShared { get; init; }

    /// <summary>How old what the load reads through the store may be; null: any age.</summary>
    public TimeSpan? MaxStaleness { get; init; }

    /// <summary>Whether the load has a snapshot of its own, older than what it reads by itself.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>Whether some of it was read on a standby.</summary>
    public bool IsFromStandby { get; private set; }

    /// <summary>Whether some of it was read in a transaction that began before the load, or that may have written: it can be older than
    /// the lease of the load, or never be committed. Nothing that is built on it is stored.</summary>
    public bool IsFromTransaction { get; private set; }

    /// <summary>Whether it is built on values that the load has read through the store.</summary>
    public bool HasInput { get; private set; }

    /// <summary>Whether its snapshot is one of the primary's that is younger than the load's lease: nothing older has come in.</summary>
    public bool IsOfPrimaryAlone => IsTaken && !HasInput && !IsFromStandby && !IsFromTransaction;

    /// <summary>What database counted the ids of its snapshots. Unknown where all are a standby's, or come from entries: those are of
    /// the generation of the lease, and so is their mark.</summary>
    public BootMark BootMark { get; private set; }

    /// <summary>Whether its snapshots were counted by different databases, and cannot be compared.</summary>
    public bool IsOfSeveralDatabases { get; private set; }

    /// <summary>The meet of the snapshots that are known; null if there are none. Parts without a stamp reflect it or not.</summary>
    public SnapshotStamp? Known
    {
        get
        {
            lock (_lock)
            {
                return _known;
            }
        }
    }

    /// <summary>The snapshot that everything reflects. Null if some input had none, and where the load has taken none of its own: what it
    /// has read by other means may then be older than the values that it has read through the store.</summary>
    public SnapshotStamp? Snapshot
    {
        get
        {
            lock (_lock)
            {
                return IsTaken && !_hasUnstampedInput ? _known : null;
            }
        }
    }

    /// <summary>The stamp of an entry; null for one without a stamp.</summary>
    public static LoadStamp OfEntry(SnapshotStamp? stamp) => new(isWanted: false)
    {
        _known = stamp,
        IsTaken = stamp is not null,
    };

    /// <summary>The same for another attempt at the load.</summary>
    public LoadStamp Anew() => new(IsWanted) { IsShared = IsShared, MaxStaleness = MaxStaleness };

    /// <summary>A snapshot that was taken before the statements it stands for.</summary>
    public void Add(string snapshot, bool inRecovery, BootMark bootMark)
    {
        var stamp = SnapshotStamp.Parse(snapshot);
        lock (_lock)
        {
            // A standby's list of running transactions is empty, whatever runs on the primary: its snapshot is good up to xmin only.
            Meet(inRecovery ? SnapshotStamp.OnStandby(stamp.Xmin) : stamp);
            Note(bootMark);
            IsFromStandby |= inRecovery;
            IsTaken = true;
        }
    }

    /// <summary>The stamp of a value that the load has read through the store.</summary>
    public void AddInput(LoadStamp input)
    {
        var (known, snapshot) = (input.Known, input.Snapshot);
        lock (_lock)
        {
            Meet(known);
            Note(input.BootMark);
            IsOfSeveralDatabases |= input.IsOfSeveralDatabases;
            HasInput = true;
            _hasUnstampedInput |= snapshot is null;
            IsFromStandby |= input.IsFromStandby;
            IsFromTransaction |= input.IsFromTransaction;
        }
    }

    /// <summary>Some of it is read in somebody's transaction.</summary>
    public void MarkFromTransaction() => IsFromTransaction = true;

    private void Note(BootMark bootMark)
    {
        IsOfSeveralDatabases |= BootMark.Value is { } known && bootMark.Value is { } other && known != other;
        BootMark = bootMark.Value is null ? BootMark : bootMark;
    }

    private void Meet(SnapshotStamp? stamp) =>
        _known = _known is null || stamp is null ? _known ?? stamp : SnapshotStamp.Meet(_known, stamp);
}
