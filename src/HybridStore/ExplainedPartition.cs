namespace HybridStore;

/// <summary>The share of the keys that a key belongs to. Part of an <see cref="EntryExplanation"/>. Times are by Redis's clock.</summary>
public sealed record ExplainedPartition
{
    /// <summary>Which one it is, from 0.</summary>
    public int Number { get; init; }

    /// <summary>The generation that Redis has recorded for it; <see langword="null"/> if it has none, or did not answer.</summary>
    public long? RecordedGeneration { get; init; }

    /// <summary>The generation in which this process reads; <see langword="null"/> if it has not read yet.</summary>
    public long? KnownGeneration { get; init; }

    /// <summary>How long ago Redis confirmed that to this process, just before it was asked. <see langword="null"/> if that is too long ago
    /// to be relied on: the next read asks along.</summary>
    public TimeSpan? AgeOfProof { get; init; }

    /// <summary>Earlier generations that some process may still be reading, with the end of that.</summary>
    public IReadOnlyDictionary<long, DateTimeOffset> EarlierGenerations { get; init; } = new Dictionary<long, DateTimeOffset>();

    /// <summary>The number of its last invalidation; <see langword="null"/> before the first.</summary>
    public long? Sequence { get; init; }

    /// <summary>A transaction id that none which was invalidated in it is larger than; null where that is not known, and loads read no
    /// standby.</summary>
    public ulong? HighestTransactionId { get; init; }

    /// <summary>What database its entries' stamps are from: when that server's statistics began, in microseconds since the Unix epoch.
    /// <see langword="null"/> before the first entry with a stamp.</summary>
    public long? BootMark { get; init; }

    /// <summary>A transaction id that all loads have to be newer than, since everything was invalidated because of it;
    /// <see langword="null"/> if there is none.</summary>
    public ulong? Floor { get; init; }

    /// <summary>Until when <see cref="Floor"/> is demanded.</summary>
    public DateTimeOffset? FloorUntil { get; init; }
}
