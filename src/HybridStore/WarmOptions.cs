namespace HybridStore;

/// <summary>How <see cref="IHybridStore.WarmAsync"/> goes about it. Immutable and thread-safe.</summary>
public sealed record WarmOptions
{
    private const int LargestBatch = 1000;
    private const double LowestRate = 0.01;
    private const double HighestRate = 1_000_000;

    private readonly int _batchSize = 200;
    private readonly long _maximumEntries = 10_000;
    private readonly double? _entriesPerSecond;

    /// <summary>How the entries are stored: those of the reads that are to find them. Default: the store's own.</summary>
    public EntryOptions? Entries { get; init; }

    /// <summary>How many ids one query loads: 1 to 1,000. Default: 200.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range.</exception>
    public int BatchSize
    {
        get => _batchSize;
        init => _batchSize = value is >= 1 and <= LargestBatch ? value : throw new ArgumentOutOfRangeException(
            nameof(BatchSize), value, "BatchSize must be from 1 to 1,000 ids; the default is 200.");
    }

    /// <summary>How many ids are taken from the sequence at most: 1 or more. What comes after is left to the reads that want it, and a warning
    /// is logged: a cache that is filled with everything holds what nobody reads, and pushes out what they do. Default: 10,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range.</exception>
    public long MaximumEntries
    {
        get => _maximumEntries;
        init => _maximumEntries = value >= 1 ? value : throw new ArgumentOutOfRangeException(
            nameof(MaximumEntries), value, "MaximumEntries must be 1 or more; the default is 10,000.");
    }

    /// <summary>How many entries are loaded in a second at most, to spare PostgreSQL: 0.01 to 1,000,000. Default:
    /// <see langword="null"/>, as many as one query after the other brings.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range, or not a number.</exception>
    public double? EntriesPerSecond
    {
        get => _entriesPerSecond;
        init => _entriesPerSecond = value is null or (>= LowestRate and <= HighestRate) ? value : throw new ArgumentOutOfRangeException(
            nameof(EntriesPerSecond), value, "EntriesPerSecond must be from 0.01 to 1,000,000; leave it unset for no limit.");
    }

    /// <summary>What one batch holds, so that a slow rate is not one burst and a long pause.</summary>
    internal int EffectiveBatchSize => (int)Math.Clamp(Math.Ceiling(EntriesPerSecond ?? BatchSize), 1, BatchSize);
}
