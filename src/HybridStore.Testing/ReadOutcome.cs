namespace HybridStore.Testing;

/// <summary>How a read was answered.</summary>
public enum ReadOutcome
{
    /// <summary>From the cache.</summary>
    Hit = 0,

    /// <summary>The cache had nothing that could be served: by a load, its own or that of a caller it has joined, or, where
    /// that failed or was slow, by a value past its time to live (<see cref="EntryOptions.StaleOnError"/>).</summary>
    Miss = 1,

    /// <summary>By a load past the cache: <see cref="EntryOptions.DoNotCache"/>, <see cref="EntryOptions.Never"/> or
    /// <see cref="ReadOptions.SkipCache"/>.</summary>
    PastCache = 2,

    /// <summary>By a load, because Redis is down: <see cref="InMemoryHybridStore.IsRedisDown"/>.</summary>
    RedisDown = 3,

    /// <summary>By a load, because an invalidation that may concern the key waits for Redis.</summary>
    InvalidationPending = 4,
}
