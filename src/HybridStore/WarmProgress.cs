namespace HybridStore;

/// <summary>How far a warm-up is. Immutable.</summary>
public sealed record WarmProgress
{
    /// <summary>Ids taken from the sequence so far.</summary>
    public long Seen { get; init; }

    /// <summary>Entries that were loaded and cached.</summary>
    public long Stored { get; init; }

    /// <summary>Ids whose entry was there already, or that somebody else was loading: they are left alone.</summary>
    public long AlreadyCached { get; init; }

    /// <summary>Ids without a row.</summary>
    public long Missing { get; init; }

    /// <summary>Values that were loaded and not cached: overtaken by an invalidation, too large, or kept out by the load
    /// (<c>hybridstore.stores</c> counts why).</summary>
    public long NotStored { get; init; }

    /// <summary>How long it has taken.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether the sequence had more than <see cref="WarmOptions.MaximumEntries"/> ids.</summary>
    public bool IsCapped { get; init; }

    /// <summary>Whether it has stopped because Redis did not answer.</summary>
    public bool IsInterrupted { get; init; }
}
