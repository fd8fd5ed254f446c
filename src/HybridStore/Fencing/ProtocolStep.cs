namespace HybridStore.Fencing;

/// <summary>The steps between which others can come.</summary>
internal enum ProtocolStep
{
    /// <summary>Redis is asked for the entry.</summary>
    ReadEntry,

    /// <summary>The flight of the key is joined, or one is started; again where the one that was joined would not do.</summary>
    Join,

    /// <summary>Redis is asked for the lease.</summary>
    Lease,

    /// <summary>The load's delegate runs.</summary>
    Load,

    /// <summary>Where the stamp of a load is taken last, which it is not: it is taken.</summary>
    StampLate,

    /// <summary>A transaction that stores what it writes takes its snapshot.</summary>
    StampWrite,

    /// <summary>What was loaded, or written, is sent to be stored.</summary>
    Store,

    /// <summary>COMMIT is sent.</summary>
    Commit,

    /// <summary>A committed write is invalidated: the flights of this process first.</summary>
    Detach,

    /// <summary>The script that invalidates is called.</summary>
    Invalidate,

    /// <summary>The same for members of a tag set that the call before has left.</summary>
    InvalidateMore,

    /// <summary>What was read from the journal is applied.</summary>
    ApplyJournal,

    /// <summary>The applied mark is written.</summary>
    Mark,
}
