using System.Diagnostics.Metrics;
using HybridStore.Reading;

namespace HybridStore.Diagnostics;

/// <summary>What a store counts and measures of reads, loads and what is stored, in the meter <see cref="HybridStoreTelemetry.MeterName"/>. All
/// carry the store's name, most the policy's.</summary>
internal sealed class StoreMetrics
{
    private static readonly InstrumentAdvice<double> DurationsOfReads = new()
    {
        // From a hit in the same rack to a load that waits for a failover, closely enough to read a p99 from.
        HistogramBucketBoundaries =
        [
            0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
            1, 2.5, 5, 10,
        ],
    };

    private readonly Meter _meter;
    private readonly TimeProvider _timeProvider;
    private readonly KeyValuePair<string, object?> _store;
    private readonly Counter<long> _reads;
    private readonly Histogram<double> _readDuration;
    private readonly Counter<long> _misses;
    private readonly Counter<long> _stale;
    private readonly Counter<long> _stores;
    private readonly Histogram<int> _sizes;
    private readonly Counter<long> _refreshes;
    private readonly Histogram<double> _refreshAge;
    private readonly Counter<long> _coalesced;
    private readonly Histogram<double> _leaseWait;
    private readonly Counter<long> _renewals;
    private readonly Counter<long> _removed;
    private readonly Counter<long> _standby;
    private readonly Histogram<double> _loads;

    public StoreMetrics(IMeterFactory? factory, string storeName, TimeProvider? timeProvider = null)
    {
        // A meter of a factory is disposed by the factory; one of our own is shared by whoever uses this name and lives on.
        _meter = factory?.Create(HybridStoreTelemetry.MeterName) ?? new Meter(HybridStoreTelemetry.MeterName);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _store = new KeyValuePair<string, object?>(TagNames.Store, storeName);
        _reads = _meter.CreateCounter<long>(
            "hybridstore.reads",
            "{read}",
            "Reads, by outcome: hit, miss, redis_unavailable, recovering, invalidation_pending, not_cached.");
        _readDuration = _meter.CreateHistogram(
            "hybridstore.read.duration",
            "s",
            "How long reads took, loads included, by outcome (stale too: an expired entry instead of a load) and by whether Redis was there: up, down.",
            advice: DurationsOfReads);
        _misses = _meter.CreateCounter<long>(
            "hybridstore.misses",
            "{miss}",
            "Misses, by cause: cold, expired, invalidated, tag, evicted, refused, generation, schema, type, undecodable, older_than_write, older_than_bound.");
        _stale = _meter.CreateCounter<long>(
            "hybridstore.reads.stale",
            "{read}",
            "Misses that were answered with a value past its time to live, by why: failed, timed_out, slow (the load goes on).");
        _stores = _meter.CreateCounter<long>(
            "hybridstore.stores",
            "{entry}",
            "Loaded values, by what became of them: stored, failed, refused_*, too_large, unserializable, null, negative_limit, declined, "
            + "in_transaction, of_several_databases.");
        _sizes = _meter.CreateHistogram(
            "hybridstore.entries.size", "By", "Stored entries, with header, as they lie in Redis.", advice: new InstrumentAdvice<int>
            {
                HistogramBucketBoundaries = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304],
            });
        _refreshes = _meter.CreateCounter<long>(
            "hybridstore.refreshes", "{refresh}", "Early refreshes, by result: refreshed, failed.");
        _refreshAge = _meter.CreateHistogram(
            "hybridstore.refresh.age", "s", "How old entries were when they were refreshed early.", advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [1, 5, 15, 30, 60, 300, 900, 3600, 14_400, 86_400],
            });
        _coalesced = _meter.CreateCounter<long>(
            "hybridstore.coalesced",
            "{read}",
            "Reads that shared a load: with another caller of this process (process), or by waiting for the entry of another one (cluster).");
        _leaseWait = _meter.CreateHistogram(
            "hybridstore.lease.wait.duration",
            "s",
            "How long loads waited for their lease, by what they got: granted, entry (of another holder), gave_up, unavailable.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
            });
        _renewals = _meter.CreateCounter<long>(
            "hybridstore.lease.renewals",
            "{renewal}",
            "Renewals of the leases of loads that take long, by result: renewed, lost, too_late (the load takes longer than FenceTtl), failed.");
        _removed = _meter.CreateCounter<long>(
            "hybridstore.janitor.removed",
            "{name}",
            "What was removed from Redis as of no use any more, by kind: entry, tag_set, member, tag_fences.");
        _standby = _meter.CreateCounter<long>(
            "hybridstore.standby.loads",
            "{load}",
            "Loads that were to read the standby, by result: used, lagging, failed, resting, not_a_standby. All but the first read the primary then.");
        _loads = _meter.CreateHistogram(
            "hybridstore.load.duration", "s", "How long loads took, by result: ok, failed, cancelled.", advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
            });
    }

    /// <summary>For what counts beside it, in the same meter.</summary>
    public Meter Meter => _meter;

    /// <summary>The tag that names the store.</summary>
    public KeyValuePair<string, object?> Store => _store;

    /// <summary>Measures.</summary>
    public TimeProvider TimeProvider => _timeProvider;

    /// <summary>Told of each read's outcome, in the flow of its caller; null but in tests of applications.</summary>
    public Action<string>? ReadObserver { get; init; }

    /// <summary>Whether anybody wants to know why reads miss.</summary>
    public bool AsksForCauses => _misses.Enabled;

    /// <summary>When a read began; 0 where nobody measures.</summary>
    public long BeginRead() => _readDuration.Enabled ? _timeProvider.GetTimestamp() : 0;

    /// <param name="policy">The policy.</param>
    /// <param name="loadTime">What the load of the entry took.</param>
    /// <param name="beganAt">What <see cref="BeginRead"/> has returned.</param>
    /// <param name="endedAt">When the value was there.</param>
    public void Hit(PolicyMeter policy, TimeSpan loadTime, long beganAt, long endedAt)
    {
        policy.Usage.Hit(loadTime);
        Read(policy, ReadResult.Hit);
        if (beganAt != 0)
        {
            _readDuration.Record(
                _timeProvider.GetElapsedTime(beganAt, endedAt).TotalSeconds, policy.OfDuration(ReadResult.Hit));
        }
    }

    /// <summary>How a read will be answered.</summary>
    public void Read(PolicyMeter policy, ReadResult result)
    {
        if (_reads.Enabled)
        {
            _reads.Add(1, policy.Of(result));
        }

        ReadObserver?.Invoke(result.Name());
    }

    /// <summary>A read is over.</summary>
    public void EndRead(PolicyMeter policy, ReadResult result, long beganAt, Exception? error)
    {
        if (beganAt == 0)
        {
            return;
        }

        var seconds = _timeProvider.GetElapsedTime(beganAt).TotalSeconds;
        if (error is null)
        {
            _readDuration.Record(seconds, policy.OfDuration(result));
        }
        else
        {
            _readDuration.Record(seconds, [.. policy.OfDuration(result), new(TagNames.ErrorType, Failure.TypeOf(error))]);
        }
    }

    /// <summary>Why a read has missed: once for each <see cref="ReadResult.Miss"/>.</summary>
    public void Missed(PolicyMeter policy, string cause) => _misses.Add(1, _store, policy.Tags[1], new(TagNames.Cause, cause));

    /// <summary>A miss was answered with an entry past its expiry.</summary>
    public void ServedStale(PolicyMeter policy, StaleReason reason) => _stale.Add(
        1,
        _store,
        policy.Tags[1],
        new(TagNames.Reason, reason switch
        {
            StaleReason.Failed => "failed",
            StaleReason.TimedOut => "timed_out",
            _ => "slow",
        }));

    /// <summary>A read was answered by the load of another caller.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="inProcess">Whether that was one of this process.</param>
    public void Coalesced(PolicyMeter policy, bool inProcess) =>
        _coalesced.Add(1, _store, policy.Tags[1], new(TagNames.Scope, inProcess ? "process" : "cluster"));

    /// <summary>A load got its lease, or not.</summary>
    public void Leased(TimeSpan waited, string result) => _leaseWait.Record(waited.TotalSeconds, _store, new(TagNames.Result, result));

    /// <summary>The lease of a load that goes on was to be renewed.</summary>
    public void Renewed(string result) => _renewals.Add(1, _store, new(TagNames.Result, result));

    /// <summary>A value was not stored.</summary>
    public void NotStored(PolicyMeter policy, string why) => _stores.Add(1, _store, policy.Tags[1], new(TagNames.Result, why));

    /// <summary>An entry was stored.</summary>
    public void Stored(PolicyMeter policy, int bytes)
    {
        policy.Usage.Stored(bytes);
        _stores.Add(1, _store, policy.Tags[1], new(TagNames.Result, "stored"));
        _sizes.Record(bytes, policy.Tags);
    }

    public void RefreshBegins(PolicyMeter policy, TimeSpan age) => _refreshAge.Record(age.TotalSeconds, policy.Tags);

    public void Refreshed(PolicyMeter policy, bool succeeded) =>
        _refreshes.Add(1, _store, policy.Tags[1], new(TagNames.Result, succeeded ? "refreshed" : "failed"));

    public void Removed(string kind, long count)
    {
        if (count > 0)
        {
            _removed.Add(count, _store, new(TagNames.Kind, kind));
        }
    }

    public void LoadedOnStandby(string result) => _standby.Add(1, _store, new(TagNames.Result, result));

    public void Loaded(PolicyMeter policy, TimeSpan duration)
    {
        policy.Usage.Load();
        _loads.Record(duration.TotalSeconds, policy.Loaded);
    }

    /// <param name="policy">The policy.</param>
    /// <param name="duration">How long it took to fail.</param>
    /// <param name="error">What it threw.</param>
    /// <param name="isCancelled">Whether nobody wanted it any more.</param>
    public void LoadFailed(PolicyMeter policy, TimeSpan duration, Exception error, bool isCancelled)
    {
        policy.Usage.Load();
        if (_loads.Enabled)
        {
            _loads.Record(
                duration.TotalSeconds,
                [
                    .. policy.Tags,
                    new(TagNames.Result, isCancelled ? "cancelled" : "failed"),
                    new(TagNames.ErrorType, Failure.TypeOf(error)),
                ]);
        }
    }

    public void ObservePending(Func<int> count) => _meter.CreateObservableGauge(
        "hybridstore.invalidations.pending",
        () => new Measurement<int>(count(), _store),
        "{name}",
        "Keys and tags whose invalidation Redis has not taken yet.");
}
