using HybridStore.Redis.CombinedReads;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>What is known once Redis has answered for the first time. Immutable; a later handshake replaces it.</summary>
/// <param name="Multiplexer">The client.</param>
/// <param name="Database">The database that the connection string names.</param>
/// <param name="Layout">The recorded layout.</param>
/// <param name="Fencing">How long fences and leases last.</param>
/// <param name="KnowsScriptFlags">Whether scripts may declare flags (Redis 7 and later).</param>
/// <param name="Eviction">What the masters may evict.</param>
/// <param name="Generations">The generation in which this process reads and writes.</param>
/// <param name="Questions">The questions for it that are under way.</param>
/// <param name="Breakers">The circuit breaker of each partition. On a single server they are one and the same. On a cluster each
/// partition has its own: it lives in one slot and so on one endpoint, whichever that is at the moment, and a dead master takes
/// only its own partitions with it.</param>
/// <param name="Readers">The combined reads of each partition.</param>
internal sealed record RedisSession(
    IConnectionMultiplexer Multiplexer,
    IDatabase Database,
    RedisLayout Layout,
    FencingTimes Fencing,
    bool KnowsScriptFlags,
    EvictionScope Eviction,
    GenerationRegister Generations,
    PartitionQuestions Questions,
    RedisCircuitBreaker[] Breakers,
    PartitionReaders Readers)
{
    /// <summary>Whether values with tags are not cached.</summary>
    public bool RefusesTags => Eviction == EvictionScope.Everything && !AllowsTagsWhateverIsEvicted;

    /// <summary>Whether the application wants tags in spite of a Redis that may forget them.</summary>
    public bool AllowsTagsWhateverIsEvicted { get; init; }

    /// <summary>Whether the keys are spread over several masters.</summary>
    public bool IsCluster { get; init; }

    /// <summary>Null but in tests that cut a check out of a script, to see that they would notice.</summary>
    public Func<string, string>? Cut { get; init; }

    /// <summary>A script as this server is to run it.</summary>
    public string TextOf(RedisScript script) =>
        Cut is null ? script.For(KnowsScriptFlags) : Cut(script.For(KnowsScriptFlags));
}
