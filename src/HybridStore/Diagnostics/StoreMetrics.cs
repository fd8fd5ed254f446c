using System.Diagnostics.Metrics;
using HybridStore.Diagnostics.Watching;
using HybridStore.Serialization;

namespace HybridStore.Diagnostics;

/// <summary>The store's counters, meter <c>HybridStore</c>. All carry the tag <c>hybridstore.store</c>, the store's name.</summary>
internal sealed class StoreMetrics
{
    public const string MeterName = "HybridStore";

    private readonly Meter _meter;
    private readonly KeyValuePair<string, object?> _store;
    private readonly Counter<long> _reads;
    private readonly Counter<long> _misses;
    private readonly Counter<long> _stores;
    private readonly Counter<long> _invalidations;
    private readonly Counter<long> _refreshes;
    private readonly Counter<long> _coalesced;
    private readonly Counter<long> _removed;
    private readonly Counter<long> _standby;
    private readonly Histogram<double> _loads;

    public StoreMetrics(IMeterFactory? factory, string storeName)
    {
        // A meter of a factory is disposed by the factory; one of our own is shared by whoever uses this name and lives on.
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _store = new KeyValuePair<string, object?>("hybridstore.store", storeName);
        _reads = _meter.CreateCounter<long>(
            "hybridstore.reads", "{read}", "Reads, by outcome: hit, miss, redis_unavailable, invalidation_pending, not_cached.");
        _misses = _meter.CreateCounter<long>(
            "hybridstore.misses", "{miss}", "Misses, by cause: absent, undecodable, other_schema_version, other_type, older_than_write, older_than_bound.");
        _stores = _meter.CreateCounter<long>(
            "hybridstore.stores",
            "{entry}",
            "Loaded values, by what became of them: stored, failed, refused_*, too_large, unserializable, null, declined, in_transaction, of_several_databases.");
        _invalidations = _meter.CreateCounter<long>(
            "hybridstore.invalidations", "{invalidation}", "Invalidations, by result at the first attempt: applied, pending.");
        _refreshes = _meter.CreateCounter<long>(
            "hybridstore.refreshes", "{refresh}", "Early refreshes behind a caller, by result: refreshed, failed.");
        _coalesced = _meter.CreateCounter<long>(
            "hybridstore.coalesced", "{read}", "Misses that were answered by an entry which another process stored meanwhile.");
        _removed = _meter.CreateCounter<long>(
            "hybridstore.janitor.removed",
            "{name}",
            "What was removed from Redis as of no use any more, by kind: entry, tag_set, member, tag_fences.");
        _standby = _meter.CreateCounter<long>(
            "hybridstore.standby.loads",
            "{load}",
            "Loads that were to read the standby, by result: used, lagging, failed, resting, not_a_standby. All but the first read the primary then.");
        _loads = _meter.CreateHistogram<double>(
            "hybridstore.load.duration", "s", "How long loads took.", advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
            });
    }

    /// <summary>For what counts beside it, in the same meter.</summary>
    public Meter Meter => _meter;

    /// <summary>The tag that names the store.</summary>
    public KeyValuePair<string, object?> Store => _store;

    /// <summary>What the hit rate is made of.</summary>
    public ReadCounts Counts { get; } = new();

    /// <summary>Told of each read's outcome, in the flow of its caller; null but in tests of applications.</summary>
    public Action<string>? ReadObserver { get; init; }

    public void Hit()
    {
        Counts.Hit();
        Read("hit");
    }

    public void Miss(string cause)
    {
        Counts.Miss();
        Read("miss");
        if (_misses.Enabled)
        {
            _misses.Add(1, _store, new("hybridstore.cause", cause));
        }
    }

    public void Miss(DecodeOutcome outcome) => Miss(outcome switch
    {
        DecodeOutcome.OtherSchemaVersion => "other_schema_version",
        DecodeOutcome.OtherType => "other_type",
        _ => "undecodable",
    });

    public void Read(string outcome)
    {
        if (_reads.Enabled)
        {
            _reads.Add(1, _store, new("hybridstore.outcome", outcome));
        }

        ReadObserver?.Invoke(outcome);
    }

    public void Coalesced() => _coalesced.Add(1, _store);

    public void Stored(string result) => _stores.Add(1, _store, new("hybridstore.result", result));

    public void Invalidated(bool applied) =>
        _invalidations.Add(1, _store, new("hybridstore.result", applied ? "applied" : "pending"));

    public void Refreshed(bool succeeded) =>
        _refreshes.Add(1, _store, new("hybridstore.result", succeeded ? "refreshed" : "failed"));

    public void Removed(string kind, long count)
    {
        if (count > 0)
        {
            _removed.Add(count, _store, new("hybridstore.kind", kind));
        }
    }

    public void LoadedOnStandby(string result) => _standby.Add(1, _store, new("hybridstore.result", result));

    public void Loaded(TimeSpan duration) => _loads.Record(duration.TotalSeconds, _store);

    public void ObservePending(Func<int> count) => _meter.CreateObservableGauge(
        "hybridstore.invalidations.pending",
        () => new Measurement<int>(count(), _store),
        "{name}",
        "Keys and tags whose invalidation Redis has not taken yet.");
}
