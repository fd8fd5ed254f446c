using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;

namespace HybridStore.Recovering;

/// <summary>How the store comes back from an outage of Redis, in its meter.</summary>
internal sealed class RecoveryMetrics
{
    private readonly KeyValuePair<string, object?> _store;
    private readonly Histogram<double> _durations;

    public RecoveryMetrics(StoreMetrics metrics, RecoveryGate gate)
    {
        _store = metrics.Store;
        _durations = metrics.Meter.CreateHistogram<double>(
            "hybridstore.recovery.duration",
            "s",
            "From Redis's coming back to its being read again, by result: covered (all that was written meanwhile is applied), raised (the whole cache was emptied).",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
        metrics.Meter.CreateObservableUpDownCounter(
            "hybridstore.recovering",
            () => new Measurement<int>(gate.Count, _store),
            "{partition}",
            "Partitions that Redis serves again and that are not read yet.");
    }

    public void Recovered(RecoveryProof proof, TimeSpan duration) => _durations.Record(
        duration.TotalSeconds, _store, new(TagNames.Result, proof == RecoveryProof.Covered ? "covered" : "raised"));
}
