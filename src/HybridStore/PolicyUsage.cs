namespace HybridStore;

/// <summary>What caching under one policy has been worth to this process so far. Immutable.</summary>
public sealed record PolicyUsage
{
    /// <summary>The policy's name, in lower case; <c>default</c> for what names none.</summary>
    public required string Policy { get; init; }

    /// <summary>Reads that were answered by Redis.</summary>
    public required long Hits { get; init; }

    /// <summary>Reads for which Redis had nothing that could be served at once; also those that got a value past its time to live in the end
    /// (<see cref="EntryOptions.StaleOnError"/>). Reads past the cache, and those while Redis is away, are neither.</summary>
    public required long Misses { get; init; }

    /// <summary>Loads that ran, refreshes and loads past the cache included.</summary>
    public required long Loads { get; init; }

    /// <summary>How long the loads would have taken that hits have spared: the sum, over all hits, of what the load of the entry had taken,
    /// whichever process ran it. What the hits themselves took is not subtracted. Callers who would have shared a load are counted
    /// each.</summary>
    public required TimeSpan LoadTimeSaved { get; init; }

    /// <summary>Bytes of the entries that this process has stored, with their headers. What Redis needs for keys and tags comes on
    /// top.</summary>
    public required long BytesStored { get; init; }

    /// <summary>Entries that this process has stored.</summary>
    public required long EntriesStored { get; init; }

    /// <summary>Of the entries that this process has stored and that are over by now (expired, replaced, invalidated by it, or forgotten for
    /// others), the share that it has never read, from 0 to 1; other processes may have read them. A sample: only entries are counted that
    /// were stored since the report was first asked for, or since somebody has listened to <c>hybridstore.misses</c>. Null while there are
    /// none.</summary>
    public required double? ShareNeverRead { get; init; }

    /// <summary>The share of hits in hits and misses, from 0 to 1; null where there was neither.</summary>
    public double? HitRatio => Hits + Misses == 0 ? null : (double)Hits / (Hits + Misses);
}
