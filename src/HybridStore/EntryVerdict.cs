namespace HybridStore;

/// <summary>What a read of a key would come to at the moment it was asked about.</summary>
public enum EntryVerdict
{
    /// <summary>Redis holds an entry that is served: to callers who ask for the type and the schema version that it was stored as. Others
    /// miss.</summary>
    Hit = 0,

    /// <summary>A hit that is more likely than not to load the entry again, behind the caller or by the caller, before it
    /// expires.</summary>
    RefreshDue = 1,

    /// <summary>Redis holds no entry: a miss.</summary>
    Absent = 2,

    /// <summary>Redis holds an entry past its own expiry, as <see cref="EntryOptions.StaleOnError"/> has asked or since something took its time to
    /// live away: a miss.</summary>
    Expired = 3,

    /// <summary>What Redis holds is not an entry that this release can read: a miss.</summary>
    Undecodable = 4,

    /// <summary>Redis has lost the record of the cache's generation. The next read asks for it, and finds what is there or, where entries
    /// may be older than the loss, nothing.</summary>
    GenerationUnknown = 5,

    /// <summary>An invalidation of this process that may concern the key waits for Redis to take it: the read goes to
    /// PostgreSQL.</summary>
    InvalidationPending = 6,

    /// <summary>The circuit breaker is open: the read goes to PostgreSQL without asking Redis.</summary>
    CircuitOpen = 7,

    /// <summary>This process has not reached Redis yet: the read goes to PostgreSQL.</summary>
    RedisNeverReached = 8,

    /// <summary>Redis did not answer, or answered with an error: the read goes to PostgreSQL.</summary>
    RedisFailed = 9,

    /// <summary>Reads pass the cache, because of <see cref="ReadOptions.SkipCache"/> or of <see cref="EntryOptions.DoNotCache"/> in
    /// <see cref="HybridStoreOptions.Defaults"/>.</summary>
    NotCached = 10,

    /// <summary>The store runs in <see cref="HybridStoreMode.PassThrough"/>: every read goes to PostgreSQL.</summary>
    PassThrough = 11,

    /// <summary>Redis serves again after an outage, and is not read before what was written meanwhile is applied: the read goes to
    /// PostgreSQL.</summary>
    Recovering = 12,
}
