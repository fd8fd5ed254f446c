using System.Diagnostics.Metrics;

namespace HybridStore.Diagnostics.Watching;

/// <summary>The servers' figures in the store's meter. Every instance that watches a server reports the same ones: take the largest of them, not
/// their sum.</summary>
internal sealed class ServerInstruments
{
    private readonly ServerReports _reports;
    private readonly KeyValuePair<string, object?> _store;

    public ServerInstruments(StoreMetrics metrics, ServerReports reports)
    {
        (_reports, _store) = (reports, metrics.Store);
        var meter = metrics.Meter;
        meter.CreateObservableCounter(
            "hybridstore.redis.keyspace.hits",
            () => Measured(info => info.KeyspaceHits),
            "{read}",
            "Reads of keys that were there, of all clients of the server.");
        meter.CreateObservableCounter(
            "hybridstore.redis.keyspace.misses",
            () => Measured(info => info.KeyspaceMisses),
            "{read}",
            "Reads of keys that were not there, of all clients of the server.");
        meter.CreateObservableCounter(
            "hybridstore.redis.evicted_keys",
            () => Measured(info => info.EvictedKeys),
            "{key}",
            "Keys that the server has evicted for want of memory.");
        meter.CreateObservableCounter(
            "hybridstore.redis.expired_keys",
            () => Measured(info => info.ExpiredKeys),
            "{key}",
            "Keys whose time to live has ended.");
        meter.CreateObservableGauge(
            "hybridstore.redis.memory.used", () => Measured(info => info.UsedMemory), "By", "Memory that the server uses for data.");
        meter.CreateObservableGauge(
            "hybridstore.redis.memory.limit",
            () => Measured(info => info.MemoryLimit is > 0 ? info.MemoryLimit : null),
            "By",
            "The server's maxmemory; not there where it has none.");
        meter.CreateObservableGauge(
            "hybridstore.redis.eviction_policy",
            () => Measured(
                info => info.EvictionPolicy is null ? null : 1,
                info => [new KeyValuePair<string, object?>("hybridstore.redis.policy", info.EvictionPolicy)]),
            "{server}",
            "1 for the server's maxmemory-policy, which a tag names.");
    }

    private List<Measurement<long>> Measured(
        Func<ServerInfo, long?> value, Func<ServerInfo, IEnumerable<KeyValuePair<string, object?>>>? tags = null)
    {
        var measurements = new List<Measurement<long>>();
        foreach (var report in _reports.Fresh)
        {
            if (value(report.Info) is { } known)
            {
                measurements.Add(new Measurement<long>(known, [_store, .. report.Tags(), .. tags?.Invoke(report.Info) ?? []]));
            }
        }

        return measurements;
    }
}
