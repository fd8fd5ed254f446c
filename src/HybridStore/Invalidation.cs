namespace HybridStore;

/// <summary>What is to be invalidated: keys, tags, and the transaction that changed them. Immutable and thread-safe.</summary>
public sealed record Invalidation
{
    /// <summary>Keys whose entries are removed. Default: none.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Tags whose entries are all removed. Default: none.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The id of the PostgreSQL transaction that made the change (<c>pg_current_xact_id()</c>, from 3 on), where it is known.
    /// Entries that reflect it stay.</summary>
    public ulong? TransactionId { get; init; }

    /// <summary>An invalidation of keys.</summary>
    /// <param name="keys">The keys.</param>
    public static Invalidation OfKeys(params IReadOnlyList<string> keys) => new() { Keys = keys };

    /// <summary>An invalidation of tags.</summary>
    /// <param name="tags">The tags.</param>
    public static Invalidation OfTags(params IReadOnlyList<string> tags) => new() { Tags = tags };
}
