namespace HybridStore.Tests.Model.Partitions;

internal enum WriterPhase : byte
{
    Idle,
    Open,
    Wrote,
    FencedEarly,
    SweptEarly,
    Committed,
    RolledBack,
    Dead,
    Fenced,
    Finished,
}

internal enum ReaderPhase : byte
{
    Idle,
    Leased,
    Stamped,
    Loaded,
}

internal readonly record struct Writer(WriterPhase Phase, byte Xid)
{
    /// <summary>It has changed the row, which is locked until its transaction ends.</summary>
    public bool HoldsRow => Phase is WriterPhase.Wrote or WriterPhase.FencedEarly or WriterPhase.SweptEarly;

    public bool HasCommitted => Phase is WriterPhase.Committed or WriterPhase.Dead or WriterPhase.Fenced or WriterPhase.Finished;
}

/// <summary>A load on its way.</summary>
/// <param name="Phase">How far it is.</param>
/// <param name="Token">Of its lease.</param>
/// <param name="Stamp">Its snapshot.</param>
/// <param name="Reflects">The writes that the loaded value holds.</param>
/// <param name="Sequence">The partition's sequence when the lease was granted.</param>
/// <param name="IsOnStandby">Where it was loaded.</param>
/// <param name="IsLate">Its lease was granted more than FenceTtl ago.</param>
internal readonly record struct Reader(
    ReaderPhase Phase, byte Token, ModelStamp Stamp, XidSet Reflects, byte Sequence, bool IsOnStandby, bool IsLate);

internal readonly record struct Entry(bool Exists, XidSet Reflects, bool IsStamped, ModelStamp Stamp);

/// <summary>The fences of a key or a tag: ids kept exactly, the floor that holds the others, those set before COMMIT (0: one of
/// them was folded into the floor).</summary>
internal readonly record struct Fences(XidSet Xids, byte Floor, XidSet PreCommit)
{
    public bool Any => !Xids.IsEmpty || Floor != 0;

    public Fences Add(byte xid, bool isBeforeCommit, int capacity)
    {
        XidSet xids = Xids.With(xid);
        XidSet early = isBeforeCommit ? PreCommit.With(xid) : PreCommit.Without(xid);
        byte floor = Floor;
        while (xids.Count > capacity)
        {
            byte smallest = xids.Smallest;
            xids = xids.Without(smallest);
            floor = Math.Max(floor, smallest);
            early = early.Contains(smallest) ? early.Without(smallest).With(0) : early;
        }

        return new Fences(xids, floor, early);
    }
}

/// <summary>PostgreSQL, one partition of Redis with one key and one tag, two writers and two readers.</summary>
internal readonly record struct PartitionState
{
    // PostgreSQL
    public byte NextXid { get; init; }

    public XidSet Running { get; init; }

    public XidSet Committed { get; init; }

    // Processes
    public Writer FirstWriter { get; init; }

    public Writer SecondWriter { get; init; }

    public Reader FirstReader { get; init; }

    public Reader SecondReader { get; init; }

    // Redis
    public Entry Entry { get; init; }

    /// <summary>The token of the lease; 0: there is none.</summary>
    public byte Lease { get; init; }

    public Fences KeyFences { get; init; }

    public bool IsMember { get; init; }

    public Fences TagFences { get; init; }

    /// <summary>The sequence of the tag's last invalidation.</summary>
    public byte TagSequence { get; init; }

    /// <summary>The sequence of the tag's last invalidation without an xid.</summary>
    public byte TagSequenceWithoutXid { get; init; }

    public byte Sequence { get; init; }

    public byte High { get; init; }

    // Bounds of the search
    public byte NextToken { get; init; }

    public byte Losses { get; init; }

    public Writer WriterAt(int index) => index == 0 ? FirstWriter : SecondWriter;

    public Reader ReaderAt(int index) => index == 0 ? FirstReader : SecondReader;

    public PartitionState With(int index, Writer writer) =>
        index == 0 ? this with { FirstWriter = writer } : this with { SecondWriter = writer };

    public PartitionState With(int index, Reader reader) =>
        index == 0 ? this with { FirstReader = reader } : this with { SecondReader = reader };
}
