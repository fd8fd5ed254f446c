namespace HybridStore;

/// <summary>What Redis holds under the name of an entry. Part of an <see cref="EntryExplanation"/>. Times are by Redis's clock.</summary>
public sealed record ExplainedEntry
{
    /// <summary>Redis's type: <c>string</c>, unless it is something else that stands under the entry's name.</summary>
    public string RedisType { get; init; } = "string";

    /// <summary>Its size in bytes, header included; 0 if it is not a string.</summary>
    public long Bytes { get; init; }

    /// <summary>How long Redis keeps it, <see cref="EntryOptions.StaleOnError"/> included; <see langword="null"/> without end, which no entry of a store is stored with.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Whether it has a header that this release reads. If not, nothing of what follows is known.</summary>
    public bool IsReadable { get; init; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>How long ago that was.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>From when on it is not served, but to callers whose load fails where <see cref="EntryOptions.StaleOnError"/> allows
    /// it.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>How long its load took.</summary>
    public TimeSpan? LoadTime { get; init; }

    /// <summary><see cref="EntryOptions.SchemaVersion"/> as it was stored; a caller with another one misses.</summary>
    public int? SchemaVersion { get; init; }

    /// <summary>Whether it stands for a missing row.</summary>
    public bool IsNull { get; init; }

    /// <summary>Whether its value is compressed.</summary>
    public bool IsCompressed { get; init; }

    /// <summary>The snapshot that it was loaded under, as <c>pg_current_snapshot()</c> writes it (<c>xmin:xmax:</c>ids in progress).
    /// <see langword="null"/> if it was loaded by means that have none.</summary>
    public string? Stamp { get; init; }

    /// <summary>How likely a read at that moment was to load it again before it expires: from 0 to 1, by the store's default
    /// <see cref="EntryOptions.Beta"/>.</summary>
    public double RefreshChance { get; init; }
}
