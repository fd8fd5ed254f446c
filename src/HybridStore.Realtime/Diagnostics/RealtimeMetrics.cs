using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using HybridStore.Diagnostics;
using HybridStore.Realtime.Redis;
using HybridStore.Resilience;

namespace HybridStore.Realtime.Diagnostics;

/// <summary>What the services beside the cache measure, in the store's own meter and source of spans. No name of the application is in a
/// tag.</summary>
internal sealed class RealtimeMetrics
{
    private static readonly ActivitySource Spans = new(HybridStoreTelemetry.ActivitySourceName);

    private readonly TimeProvider _timeProvider;
    private readonly Histogram<double> _duration;

    public RealtimeMetrics(IMeterFactory? factory, string storeName, TimeProvider timeProvider)
    {
        // A meter of a factory is disposed by the factory; one of our own is shared by whoever uses this name and lives on.
        Meter = factory?.Create(HybridStoreTelemetry.MeterName) ?? new Meter(HybridStoreTelemetry.MeterName);
        _timeProvider = timeProvider;
        Store = new KeyValuePair<string, object?>(TagNames.Store, storeName);
        _duration = Meter.CreateHistogram(
            "hybridstore.realtime.duration",
            "s",
            "How long calls of the services beside the cache to Redis took, by service, operation and result: ok, failed, refused (by an open circuit).",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5],
            });
    }

    /// <summary>For what services count beside it.</summary>
    public Meter Meter { get; }

    /// <summary>The tag that names the store.</summary>
    public KeyValuePair<string, object?> Store { get; }

    /// <summary>When a call began; 0 where nobody measures.</summary>
    public long Begin() => _duration.Enabled ? _timeProvider.GetTimestamp() : 0;

    /// <summary>Null where nobody listens. It does not become the caller's own: it ends with the call.</summary>
    public Activity? StartSpan(RealtimeOperation operation)
    {
        if (!Spans.HasListeners())
        {
            return null;
        }

        var caller = Activity.Current;
        var span = Spans.StartActivity(operation.SpanName, ActivityKind.Client, parentContext: default, [Store]);
        Activity.Current = caller;
        return span;
    }

    /// <summary>Measures a call that is under way, and ends its span.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RedisCallResult<TResult>> MeasureAsync<TResult>(
        RealtimeOperation operation, long beganAt, Activity? span, ValueTask<RedisCallResult<TResult>> call)
    {
        try
        {
            var result = await call.ConfigureAwait(false);
            End(operation, beganAt, span, result);
            return result;
        }
        catch (OperationCanceledException)
        {
            // Its caller has gone: what it takes is nobody's wait.
            span?.Dispose();
            throw;
        }
    }

    /// <summary>A call is over.</summary>
    /// <param name="operation">What it was for.</param>
    /// <param name="beganAt">What <see cref="Begin"/> has returned.</param>
    /// <param name="span">Its span; null where there is none.</param>
    /// <param name="result">How it ended.</param>
    public void End<TResult>(RealtimeOperation operation, long beganAt, Activity? span, in RedisCallResult<TResult> result)
    {
        var status = NameOf(result.Status);
        if (beganAt != 0)
        {
            _duration.Record(
                _timeProvider.GetElapsedTime(beganAt).TotalSeconds,
                [
                    Store,
                    new(TagNames.Service, operation.Service),
                    new(TagNames.Operation, operation.Name),
                    new(TagNames.Result, status),
                ]);
        }

        if (result.IsFailed)
        {
            StoreTracing.Fail(span, result.Error);
        }
        else if (result.IsRefused)
        {
            span?.SetTag(TagNames.Result, status);
        }

        span?.Dispose();
    }

    private static string NameOf(RedisCallStatus status) => status switch
    {
        RedisCallStatus.Ok => "ok",
        RedisCallStatus.Failed => "failed",
        _ => "refused",
    };
}
