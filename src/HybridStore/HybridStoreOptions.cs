using HybridStore.Fencing;

namespace HybridStore;

/// <summary>The settings of a store, bound from configuration or set in <c>AddHybridStore(options => ...)</c>, and validated when
/// the host starts.</summary>
public sealed class HybridStoreOptions
{
    /// <summary>Npgsql's connection string of the primary. Unset: the <c>NpgsqlDataSource</c> that the application has registered
    /// is used (and never disposed by the store).</summary>
    public string? PostgresConnectionString { get; set; }

    /// <summary>How to connect to a standby of the same PostgreSQL (streaming replication). Loads that are going to be cached read there, so
    /// that cold caches weigh less on the primary; what lags behind an invalidation is noticed and loaded again on the primary, at once. So is
    /// what the standby fails to answer. All other loads, and writes, go to the primary. Default: <see langword="null"/>, all loads read the
    /// primary.</summary>
    public string? StandbyConnectionString { get; set; }

    /// <summary>StackExchange.Redis's connection string, for example <c>redis:6379,user=app,password=...,ssl=true</c>. Unset: the
    /// <c>IConnectionMultiplexer</c> that the application has registered is used (and never disposed by the store).</summary>
    public string? RedisConnectionString { get; set; }

    /// <summary>Whether Redis is used. Default: <see cref="HybridStoreMode.Cached"/>.</summary>
    public HybridStoreMode Mode { get; set; }

    /// <summary>What all names in Redis begin with: 1 to 64 characters, no braces, white space or control characters, no
    /// <c>*?[]\^</c>. Stores that share a Redis server need different prefixes. Default: <c>hs</c>.</summary>
    public string KeyPrefix { get; set; } = "hs";

    /// <summary>Into how many parts the key space is split, each in one slot of a Redis Cluster: a power of two from 1 to 1024. What
    /// a running store has recorded in Redis wins over this setting. Default: unset, 1 on a single server and 16 on a
    /// cluster.</summary>
    public int? Partitions { get; set; }

    /// <summary>The longest wait for one answer of Redis, after which the read goes to PostgreSQL: 10 ms to 1 minute. Default:
    /// 200 ms.</summary>
    public TimeSpan RedisTimeout { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether values with tags are cached where Redis evicts keys without a time to live (<c>maxmemory-policy allkeys-*</c> with a
    /// limit). Redis may then forget which entries a tag has, and invalidating the tag leaves them behind until they expire. Default:
    /// <see langword="false"/>, such values are loaded each time; set the policy to <c>noeviction</c> or <c>volatile-*</c>
    /// instead.</summary>
    public bool AllowTagsUnderAllKeysEviction { get; set; }

    /// <summary>How long Redis remembers that a key or tag was invalidated, so that no load which began before can store what it read: 10 s
    /// to 1 day. A load that takes longer is not cached. Default: 2 minutes.</summary>
    public TimeSpan FenceTtl { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether writes are strict unless they say otherwise: <see cref="WriteOptions.Strict"/>. Default:
    /// <see langword="false"/>.</summary>
    public bool StrictWrites { get; set; }

    /// <summary>What becomes of a strict write when Redis does not take its fences before COMMIT. Default:
    /// <see cref="OnFenceFailure.Proceed"/>.</summary>
    public OnFenceFailure OnFenceFailure { get; set; }

    /// <summary>How long a process holds the right to load a key before another may take it over: 100 ms to <see cref="FenceTtl"/>. Default:
    /// 5 s.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a reader waits for another process that is loading the same key before it loads for itself, without caching: zero to
    /// 1 minute. Default: 1 s.</summary>
    public TimeSpan LeaseWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many missing rows (a <see langword="null"/> under <see cref="EntryOptions.NegativeTimeToLive"/>) this store caches in a
    /// second, in this process: 0 to 1,000,000. It caps what a scan over ids that do not exist can put into Redis; those above are loaded,
    /// returned, counted (<c>negative_limit</c>) and not cached. 0: none are cached, whatever their options say. What a write sets itself
    /// (<see cref="WriteContext.Set"/>) is not counted. Default: 100.</summary>
    public int MaxNegativeEntriesPerSecond { get; set; } = 100;

    /// <summary>When Redis counts as down.</summary>
    public CircuitBreakerOptions CircuitBreaker { get; set; } = new();

    /// <summary>How many loads run against PostgreSQL at once while Redis is away.</summary>
    public LoadLimiterOptions LoadLimiter { get; set; } = new();

    /// <summary>How invalidations are retried that Redis did not take.</summary>
    public InvalidationRetryOptions InvalidationRetry { get; set; } = new();

    /// <summary>How PostgreSQL tells the cache what has changed. Not used unless turned on.</summary>
    public JournalOptions Journal { get; set; } = new();

    /// <summary>How the Redis servers and the hit rate are watched.</summary>
    public ServerWatchOptions ServerWatch { get; set; } = new();

    /// <summary>What the health check goes by.</summary>
    public HealthOptions Health { get; set; } = new();

    /// <summary>How often one instance removes from Redis what nothing else does, such as expired keys of tags that are not used any more:
    /// 10 s to 1 day, or zero for never. It goes through all names on each Redis server, slowly: it takes a tenth of a server's time at
    /// most. Nothing but memory depends on it. Default: 10 minutes.</summary>
    public TimeSpan JanitorInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Which share of all hits is loaded again behind its caller and compared with what was served: 0 to 1. It finds what nobody
    /// invalidates, such as a query that reads a table which no write names; differences are counted, logged and removed. Each costs a query.
    /// Entries without a snapshot, and loads that bring access of their own, are left out; other loads run beside and after their caller, so what
    /// they are given as state must bear that. Default: 0, none; 0.001 suits a busy
    /// store.</summary>
    public double VerifyRate { get; set; }

    /// <summary>For how long an entry must differ before it counts: as long as an invalidation may take, from zero to 10 minutes. Default:
    /// 5 s.</summary>
    public TimeSpan VerifyGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How entries are stored unless the call or its policy says otherwise. Unset properties: time to live 10 minutes,
    /// jitter 0.1, beta 1, refreshes in the background, no negative caching, schema version 0, at most 1 MiB, no compression.</summary>
    public EntryOptions Defaults { get; set; } = new();

    /// <summary>For tests that cut a check out of a script, to see that they would notice.</summary>
    internal Func<string, string>? CutScript { get; set; }

    /// <summary>For tests that hold the protocol between its steps.</summary>
    internal ProtocolUnderTest? Protocol { get; set; }

    /// <summary>Named policies, used as <c>EntryOptions.Policy("price")</c>. Those of <see cref="PolicyNames"/> are there from the
    /// start. Names are case-insensitive.</summary>
    public IDictionary<string, EntryOptions> Policies { get; } = new Dictionary<string, EntryOptions>(StringComparer.OrdinalIgnoreCase)
    {
        [PolicyNames.Profile] = new() { TimeToLive = TimeSpan.FromHours(1) },
        [PolicyNames.Inventory] = new() { TimeToLive = TimeSpan.FromMinutes(5) },
        [PolicyNames.Price] = new() { TimeToLive = TimeSpan.FromMinutes(1) },
        [PolicyNames.StaticContent] = new() { TimeToLive = TimeSpan.FromHours(24) },
        [PolicyNames.Never] = new() { DoNotCache = true },
    };

    /// <summary>What could not be bound from configuration; told by the validator.</summary>
    internal List<string> BindingErrors { get; } = [];
}
