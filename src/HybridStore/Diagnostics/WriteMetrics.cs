using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace HybridStore.Diagnostics;

/// <summary>How long writes take, and what becomes of invalidations.</summary>
internal sealed class WriteMetrics
{
    private readonly StoreMetrics _metrics;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _invalidations;

    public WriteMetrics(StoreMetrics metrics)
    {
        _metrics = metrics;
        _duration = metrics.Meter.CreateHistogram(
            "hybridstore.write.duration",
            "s",
            "How long writes took, with repetitions and invalidation, by result: committed, rolled_back, unknown. Of an enlisted transaction its commit.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
            });
        _invalidations = metrics.Meter.CreateCounter<long>(
            "hybridstore.invalidations",
            "{name}",
            "Keys and tags that were invalidated, by source (write, strict: fenced before COMMIT, application, flush, retry) and result (applied, pending; "
            + "failed: not fenced). A flush counts as one.");
    }

    /// <summary>The tag that names the store.</summary>
    public KeyValuePair<string, object?> Store => _metrics.Store;

    /// <summary>A write begins. In its own asynchronous flow, so that the span is not left to its caller.</summary>
    public WriteObservation BeginWrite() => new(this, StoreTracing.StartWrite(Store), _metrics.TimeProvider.GetTimestamp());

    public void EndWrite(long beganAt, string result, Exception? error)
    {
        if (_duration.Enabled)
        {
            var duration = _metrics.TimeProvider.GetElapsedTime(beganAt).TotalSeconds;
            var tags = new TagList { Store, { TagNames.Result, result } };
            if (error is not null)
            {
                tags.Add(TagNames.ErrorType, Failure.TypeOf(error));
            }

            _duration.Record(duration, tags);
        }
    }

    public void ObservePending(Func<int> count) => _metrics.ObservePending(count);

    /// <param name="source">Who has invalidated.</param>
    /// <param name="result">What became of it.</param>
    /// <param name="names">How many keys and tags.</param>
    public void Invalidated(string source, string result, int names) =>
        _invalidations.Add(names, Store, new(TagNames.Source, source), new(TagNames.Result, result));
}
