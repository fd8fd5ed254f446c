using HybridStore.Serialization;

namespace HybridStore.Diagnostics;

/// <summary>Why the cache had nothing that could be served. Where there was no entry Redis does not tell why: the cause is what this process
/// remembers of the key (<see cref="Usage.KnownEntries"/>), and what the guard of the key says.</summary>
internal static class MissCause
{
    /// <summary>Nothing is known of the key: it is new to this process, or was crowded out of its memory.</summary>
    public const string Cold = "cold";

    /// <summary>The entry is past its end.</summary>
    public const string Expired = "expired";

    /// <summary>This process has invalidated the key, or the guard holds fences that the entry was not stored with.</summary>
    public const string Invalidated = "invalidated";

    /// <summary>An entry with tags is gone before its end, and the key itself was not invalidated. Where Redis evicts it may have been that.</summary>
    public const string Tag = "tag";

    /// <summary>The same of an entry without tags: Redis has evicted or lost it, or another process has invalidated it without a write's id.</summary>
    public const string Evicted = "evicted";

    /// <summary>The value that was loaded last was not stored; <c>hybridstore.stores</c> says why.</summary>
    public const string Refused = "refused";

    /// <summary>The whole cache was emptied since.</summary>
    public const string Generation = "generation";

    public const string Schema = "schema";

    public const string Type = "type";

    public const string Undecodable = "undecodable";

    /// <summary>The entry does not reflect the write of the caller's token.</summary>
    public const string OlderThanWrite = "older_than_write";

    /// <summary>The entry may be older than the caller's bound.</summary>
    public const string OlderThanBound = "older_than_bound";

    public static string Of(DecodeOutcome outcome) => outcome switch
    {
        DecodeOutcome.OtherSchemaVersion => Schema,
        DecodeOutcome.OtherType => Type,
        _ => Undecodable,
    };
}
