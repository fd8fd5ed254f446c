namespace HybridStore.Consistency.Faults;

/// <summary>What is done to the servers, and to a worker's connections to them.</summary>
internal enum FaultKind
{
    /// <summary>Redis is killed and comes back empty.</summary>
    RedisRestarted,

    /// <summary>Redis is emptied while it runs.</summary>
    RedisEmptied,

    /// <summary>All guards are deleted: leases, and the fences of keys.</summary>
    GuardsDeleted,

    /// <summary>All leases are deleted, and the fences stay.</summary>
    LeasesDeleted,

    /// <summary>All entries are deleted.</summary>
    EntriesDeleted,

    /// <summary>Some entries are overwritten with what is none.</summary>
    EntriesOverwritten,

    /// <summary>Redis forgets its scripts.</summary>
    ScriptsForgotten,

    /// <summary>Redis answers nobody for longer than the time-out.</summary>
    RedisPaused,

    /// <summary>The connections of all workers to Redis are reset.</summary>
    RedisReset,

    /// <summary>One worker cannot reach Redis, while the others can.</summary>
    RedisCut,

    /// <summary>What one worker and Redis send each other arrives later.</summary>
    RedisStalled,

    /// <summary>The connections of one worker to PostgreSQL are reset.</summary>
    PostgresReset,

    /// <summary>All of PostgreSQL's backends are terminated.</summary>
    BackendsTerminated,

    /// <summary>The sessions of all who apply the journal, or stand by for it, are terminated again and again.</summary>
    ListenersTerminated,

    /// <summary>One COMMIT is done and its answer lost.</summary>
    CommitAnswerLost,

    /// <summary>One COMMIT is lost on its way.</summary>
    CommitLost,

    /// <summary>PostgreSQL is killed and recovers.</summary>
    PostgresKilled,

    /// <summary>Redis holds what it held a while ago, as after a failover to a replica that lagged. Only a journal knows of what it has lost:
    /// once, near the end.</summary>
    RedisSetBack,
}
