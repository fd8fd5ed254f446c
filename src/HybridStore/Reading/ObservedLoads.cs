using System.Runtime.CompilerServices;
using HybridStore.Diagnostics;

namespace HybridStore.Reading;

/// <summary>Runs the delegates of loads, and measures and traces them.</summary>
internal sealed class ObservedLoads(StoreMetrics metrics, TimeProvider timeProvider)
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(T Value, TimeSpan Duration)> RunAsync<TState, T>(
        LoadRequest<TState, T> request, LoadContext context, CancellationToken cancellationToken)
    {
        var policy = request.Settings.Policy;
        var span = StoreTracing.StartLoad(policy);
        var startedAt = timeProvider.GetTimestamp();
        try
        {
            var value = await request.Load(request.State, context, cancellationToken).ConfigureAwait(false);
            var duration = timeProvider.GetElapsedTime(startedAt);
            metrics.Loaded(policy, duration);
            StoreTracing.End(span, error: null);
            return (value, duration);
        }
        catch (Exception error)
        {
            var isCancelled = error is OperationCanceledException && cancellationToken.IsCancellationRequested;
            metrics.LoadFailed(policy, timeProvider.GetElapsedTime(startedAt), error, isCancelled);
            StoreTracing.End(span, error);
            throw;
        }
    }
}
