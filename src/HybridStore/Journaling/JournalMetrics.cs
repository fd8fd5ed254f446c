using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;

namespace HybridStore.Journaling;

/// <summary>What the journal's listener does, in the store's meter.</summary>
internal sealed class JournalMetrics
{
    private readonly KeyValuePair<string, object?> _store;
    private readonly Counter<long> _applied;
    private readonly Counter<long> _skipped;
    private readonly Counter<long> _bells;
    private readonly Counter<long> _replays;
    private readonly Counter<long> _raises;
    private readonly Counter<long> _reconnects;
    private readonly Histogram<double> _lag;
    private volatile Func<TimeSpan?>? _ageOfMarks;
    private long _backlog;

    public JournalMetrics(StoreMetrics metrics)
    {
        var meter = metrics.Meter;
        _store = metrics.Store;
        _applied = meter.CreateCounter<long>("hybridstore.journal.applied", "{name}", "Keys and tags that were read from the journal and applied.");
        _skipped = meter.CreateCounter<long>(
            "hybridstore.journal.skipped", "{name}", "Keys and tags of watched rows that were left out: a column of theirs was null, or they would be too long.");
        _bells = meter.CreateCounter<long>(
            "hybridstore.journal.bells", "{bell}", "Changes, by whether they rang for the listener (NOTIFY): rung; saved, because it was awake.");
        _replays = meter.CreateCounter<long>(
            "hybridstore.journal.replays", "{replay}", "How often the journal was applied again to a partition, because Redis had gone back in time or another instance led.");
        _raises = meter.CreateCounter<long>(
            "hybridstore.journal.raises", "{raise}", "How often the whole cache was emptied: by TRUNCATE, very large statements, or a gap in what is known.");
        _reconnects = meter.CreateCounter<long>("hybridstore.journal.reconnects", "{reconnect}", "How often the listener was interrupted and began anew.");
        _lag = meter.CreateHistogram<double>(
            "hybridstore.journal.lag", "s", "How long after its commit, at most, a change was applied; of the oldest in each look.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300] });
        meter.CreateObservableGauge(
            "hybridstore.journal.leader", () => new Measurement<int>(_ageOfMarks is null ? 0 : 1, _store), "{instance}", "1 where this instance applies the journal.");
        meter.CreateObservableGauge(
            "hybridstore.journal.backlog", () => new Measurement<long>(Interlocked.Read(ref _backlog), _store), "{name}", "Keys and tags that were read and are not applied yet.");
        meter.CreateObservableGauge(
            "hybridstore.journal.mark.age",
            () => _ageOfMarks?.Invoke() is { } age ? [new Measurement<double>(age.TotalSeconds, _store)] : Array.Empty<Measurement<double>>(),
            "s",
            "How old the oldest applied mark is, where this instance leads.");
    }

    /// <summary>This instance leads, or not any more.</summary>
    /// <param name="ageOfMarks">Tells how old the oldest mark is; null where it does not lead.</param>
    public void Leads(Func<TimeSpan?>? ageOfMarks) => _ageOfMarks = ageOfMarks;

    public void Read(int names) => Interlocked.Add(ref _backlog, names);

    public void Applied(int names, int rows, int bells, TimeSpan lag)
    {
        _applied.Add(names, _store);
        _lag.Record(lag.TotalSeconds, _store);
        if (rows > bells)
        {
            _bells.Add(rows - bells, _store, new("hybridstore.result", "saved"));
        }
    }

    /// <summary>What was read is applied, or will be read again.</summary>
    public void Done(int names) => Interlocked.Add(ref _backlog, -names);

    public void Skipped(int names)
    {
        if (names > 0)
        {
            _skipped.Add(names, _store);
        }
    }

    public void Rung(int bells)
    {
        if (bells > 0)
        {
            _bells.Add(bells, _store, new("hybridstore.result", "rung"));
        }
    }

    public void Replayed() => _replays.Add(1, _store);

    public void Raised() => _raises.Add(1, _store);

    public void Reconnected() => _reconnects.Add(1, _store);
}
