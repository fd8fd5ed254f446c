using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using HybridStore.Resilience;
using Polly.CircuitBreaker;

namespace HybridStore.Diagnostics;

/// <summary>What Redis is asked for.</summary>
internal enum RedisOperation
{
    /// <summary>One or several entries, in one call.</summary>
    Read,
    Lease,
    Store,
    Release,
    Renew,
    Invalidate,

    /// <summary>The generation of a partition is asked for or raised.</summary>
    Generation,
}

/// <summary>How long Redis takes, and in what state its circuits are.</summary>
internal sealed class RedisMetrics
{
    private readonly StoreMetrics _metrics;
    private readonly Histogram<double> _duration;
    private readonly KeyValuePair<string, object?>[][] _answered;
    private readonly KeyValuePair<string, object?>[][] _failed;

    public RedisMetrics(StoreMetrics metrics)
    {
        _metrics = metrics;
        _duration = metrics.Meter.CreateHistogram(
            "hybridstore.redis.duration",
            "s",
            "How long calls to Redis took, by operation (one read may fetch many entries) and result: ok, failed. What an open circuit refuses is no call.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5],
            });
        _answered = TagsOf("ok");
        _failed = TagsOf("failed");

        KeyValuePair<string, object?>[][] TagsOf(string result) =>
        [
            .. Enum.GetValues<RedisOperation>().Select(operation => new KeyValuePair<string, object?>[]
            {
                metrics.Store, new(TagNames.Operation, Name(operation)), new(TagNames.Result, result),
            }),
        ];
    }

    /// <summary>When a call began; 0 where nobody measures.</summary>
    public long Begin() => _duration.Enabled ? _metrics.TimeProvider.GetTimestamp() : 0;

    /// <summary>A call is over.</summary>
    public void End(long beganAt, RedisOperation operation, RedisCallStatus status)
    {
        if (beganAt != 0 && status != RedisCallStatus.Refused)
        {
            _duration.Record(
                _metrics.TimeProvider.GetElapsedTime(beganAt).TotalSeconds,
                (status == RedisCallStatus.Ok ? _answered : _failed)[(int)operation]);
        }
    }

    /// <summary>Measures a call that is under way. One that its caller does not wait for to the end is not measured.</summary>
    public ValueTask<RedisCallResult<T>> Measure<T>(long beganAt, RedisOperation operation, ValueTask<RedisCallResult<T>> call) =>
        beganAt == 0 ? call : MeasureAsync(beganAt, operation, call);

    /// <summary>Tells how many circuits are in each state: one for a single server, one for each partition on a cluster.</summary>
    /// <param name="circuits">Those there are; null before Redis was reached.</param>
    public void ObserveCircuits(Func<IReadOnlyList<RedisCircuitBreaker>?> circuits) => _metrics.Meter.CreateObservableGauge(
        "hybridstore.redis.circuit",
        () => CountByState(circuits() ?? []),
        "{circuit}",
        "Circuits to Redis, by state: closed, half_open, open. One for a single server; on a cluster one for each partition.");

    private static string Name(RedisOperation operation) => operation switch
    {
        RedisOperation.Read => "read",
        RedisOperation.Lease => "lease",
        RedisOperation.Store => "store",
        RedisOperation.Release => "release",
        RedisOperation.Renew => "renew",
        RedisOperation.Invalidate => "invalidate",
        _ => "generation",
    };

    private IEnumerable<Measurement<int>> CountByState(IReadOnlyList<RedisCircuitBreaker> circuits)
    {
        var states = circuits.Distinct().Select(circuit => circuit.State).ToList();
        return states.Count == 0
            ? []
            :
            [
                Of("closed", CircuitState.Closed),
                Of("half_open", CircuitState.HalfOpen),
                new(states.Count(state => state is CircuitState.Open or CircuitState.Isolated), _metrics.Store, new(TagNames.State, "open")),
            ];

        Measurement<int> Of(string name, CircuitState wanted) =>
            new(states.Count(state => state == wanted), _metrics.Store, new(TagNames.State, name));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RedisCallResult<T>> MeasureAsync<T>(
        long beganAt, RedisOperation operation, ValueTask<RedisCallResult<T>> call)
    {
        var result = await call.ConfigureAwait(false);
        End(beganAt, operation, result.Status);
        return result;
    }
}
