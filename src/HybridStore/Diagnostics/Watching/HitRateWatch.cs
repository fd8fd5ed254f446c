using Microsoft.Extensions.Logging;

namespace HybridStore.Diagnostics.Watching;

/// <summary>Cuts the reads of this process into intervals and tells how the hit rate does. One caller cuts; the state may be read from any
/// thread.</summary>
internal sealed class HitRateWatch
{
    private readonly IReadOnlyList<PolicyMeter> _policies;
    private readonly HitRateBaseline _baseline;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private volatile HitRateState _state = HitRateState.Unknown;
    private (long Hits, long Misses) _last;
    private long _cutAt;

    public HitRateWatch(
        StoreMetrics metrics, IReadOnlyList<PolicyMeter> policies, ServerWatchOptions options, TimeProvider timeProvider, ILogger logger)
    {
        (_policies, _timeProvider, _logger) = (policies, timeProvider, logger);
        _baseline = new HitRateBaseline(options.HitRateDrop, options.BaselineHalfLife, options.LeastReads);
        (_last, _cutAt) = (Total, timeProvider.GetTimestamp());
        metrics.Meter.CreateObservableGauge(
            "hybridstore.hit_rate",
            () => Measured(metrics, _state.Rate),
            "1",
            "The hits of the last interval by its hits and misses, where it had reads enough. 0.85 to 0.95 is usual.");
        metrics.Meter.CreateObservableGauge(
            "hybridstore.hit_rate.baseline",
            () => Measured(metrics, _state.Baseline),
            "1",
            "The moving average that the hit rate is judged by.");
    }

    public HitRateState State => _state;

    /// <summary>The reads that Redis has answered since the beginning.</summary>
    private (long Hits, long Misses) Total => (_policies.Sum(policy => policy.Usage.Hits), _policies.Sum(policy => policy.Usage.Misses));

    /// <summary>Ends an interval and begins the next.</summary>
    public void Cut()
    {
        var (now, total) = (_timeProvider.GetTimestamp(), Total);
        var usual = _baseline.Baseline;
        var change = _baseline.Observe(total.Hits - _last.Hits, total.Misses - _last.Misses, _timeProvider.GetElapsedTime(_cutAt, now));
        (_last, _cutAt) = (total, now);
        _state = new HitRateState(_baseline.Rate, _baseline.Baseline, _baseline.IsDropped);
        switch (change)
        {
            case HitRateChange.Dropped:
                WatchLog.HitRateDropped(_logger, _baseline.Rate ?? 0, usual ?? 0);
                break;
            case HitRateChange.Recovered:
                WatchLog.HitRateRecovered(_logger, _baseline.Rate ?? 0, usual ?? 0);
                break;
        }
    }

    /// <summary>Nothing is known any more.</summary>
    public void End() => _state = HitRateState.Unknown;

    private static System.Diagnostics.Metrics.Measurement<double>[] Measured(StoreMetrics metrics, double? value) =>
        value is { } known ? [new(known, metrics.Store)] : [];
}
