using HybridStore.Diagnostics;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis.CombinedReads;

/// <summary>The combined reads of each partition, by who may answer and by whether its applied mark is read along.</summary>
internal sealed class PartitionReaders
{
    private readonly ReadCombiner[] _plain;
    private readonly ReadCombiner[] _ofReplicas;
    private readonly ReadCombiner[] _marked;
    private readonly ReadCombiner[] _markedOfReplicas;

    public PartitionReaders(
        IDatabase database,
        RedisLayout layout,
        RedisCircuitBreaker[] breakers,
        TimeSpan patience,
        TimeProvider timeProvider,
        RedisMetrics? metrics = null)
    {
        _plain = Make(CommandFlags.DemandMaster, withMark: false);
        _ofReplicas = Make(CommandFlags.PreferReplica, withMark: false);
        _marked = Make(CommandFlags.DemandMaster, withMark: true);
        _markedOfReplicas = Make(CommandFlags.PreferReplica, withMark: true);

        ReadCombiner[] Make(CommandFlags flags, bool withMark) =>
        [
            .. breakers.Select((breaker, partition) => new ReadCombiner(
                database, breaker, flags, patience, timeProvider, withMark ? layout.Mark(partition) : (RedisKey?)null, metrics)),
        ];
    }

    /// <param name="partition">The partition.</param>
    /// <param name="allowReplicas">Whether a replica may answer. What it holds, mark included, is of one moment in its master's
    /// history.</param>
    /// <param name="withMark">Whether the mark is read along.</param>
    public ReadCombiner Of(int partition, bool allowReplicas, bool withMark) => (allowReplicas, withMark) switch
    {
        (false, false) => _plain[partition],
        (true, false) => _ofReplicas[partition],
        (false, true) => _marked[partition],
        (true, true) => _markedOfReplicas[partition],
    };
}
