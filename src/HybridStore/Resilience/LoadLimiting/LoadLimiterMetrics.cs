using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;

namespace HybridStore.Resilience.LoadLimiting;

/// <summary>What the limiter does, in the store's meter.</summary>
internal sealed class LoadLimiterMetrics
{
    private readonly StoreMetrics _metrics;
    private readonly Histogram<double> _waits;
    private readonly Counter<long> _rejected;

    public LoadLimiterMetrics(StoreMetrics metrics)
    {
        _metrics = metrics;
        _waits = metrics.Meter.CreateHistogram<double>(
            "hybridstore.loads.wait.duration",
            "s",
            "How long loads waited for the limit that protects PostgreSQL; of those that waited.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        _rejected = metrics.Meter.CreateCounter<long>(
            "hybridstore.loads.rejected", "{load}", "Loads that were turned away by the limit, by reason: queue_full, waited_too_long.");
    }

    public void Observe(LoadLimiter limiter)
    {
        var (meter, store) = (_metrics.Meter, _metrics.Store);
        meter.CreateObservableUpDownCounter(
            "hybridstore.loads.running", () => new Measurement<int>(limiter.Running, store), "{load}", "Loads that run now.");
        meter.CreateObservableUpDownCounter(
            "hybridstore.loads.queued", () => new Measurement<long>(limiter.Queued, store), "{load}", "Loads that wait for the limit.");
        meter.CreateObservableUpDownCounter(
            "hybridstore.loads.limit", () => new Measurement<int>(limiter.Limit, store), "{load}", "How many loads may run at once while Redis is away.");
    }

    public void Waited(TimeSpan duration) => _waits.Record(duration.TotalSeconds, _metrics.Store);

    public void Rejected(bool queueWasFull) =>
        _rejected.Add(1, _metrics.Store, new(TagNames.Reason, queueWasFull ? "queue_full" : "waited_too_long"));
}
