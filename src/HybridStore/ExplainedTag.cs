namespace HybridStore;

/// <summary>A tag under which a key is registered. Part of an <see cref="EntryExplanation"/>.</summary>
public sealed record ExplainedTag
{
    /// <summary>The tag.</summary>
    public required string Tag { get; init; }

    /// <summary>Until when the key is registered, by Redis's clock: as long as Redis keeps the entry that was stored last.</summary>
    public DateTimeOffset RegisteredUntil { get; init; }

    /// <summary>The writes that have invalidated the tag of late.</summary>
    public ExplainedFences Fences { get; init; } = new();

    /// <summary>The partition's number (<see cref="ExplainedPartition.Sequence"/>) of the tag's last invalidation;
    /// <see langword="null"/> if that is longer ago than Redis remembers.</summary>
    public long? LastInvalidation { get; init; }

    /// <summary>The same of the last one whose write was not known, or not of this database: it is judged by its number alone.</summary>
    public long? LastInvalidationWithoutWrite { get; init; }
}
