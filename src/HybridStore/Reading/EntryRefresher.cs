using System.Collections.Concurrent;
using System.Diagnostics;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Resilience.LoadLimiting;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Loads entries again before they expire, behind the reader who noticed: one at a time for each key in this process, and, by the
/// lease, among all. A failure is logged and leaves the entry alone.</summary>
internal sealed class EntryRefresher(
    EntryLoader loader, LoaderCache cache, LoadLimiter limiter, StoreMetrics metrics, ILogger logger)
{
    private readonly ConcurrentDictionary<FlightKey, bool> _refreshing = new();

    /// <param name="request">What to load.</param>
    /// <param name="seen">The identity of the entry that is to be replaced.</param>
    /// <param name="age">How old that is.</param>
    public void RefreshBehind<TState, T>(LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen, TimeSpan age)
    {
        var key = new FlightKey(request.Key, typeof(T));
        if (!_refreshing.TryAdd(key, true))
        {
            return;
        }

        // Nothing of the caller's context goes along: not its ambient transaction, nor its activity, to which there is a link alone.
        var read = request.Observed?.Span?.Context ?? default;
        ThreadPool.UnsafeQueueUserWorkItem(
            static refresh => _ = refresh.Refresher.RefreshAsync(refresh.key, refresh.request, refresh.seen, refresh.age, refresh.read),
            (Refresher: this, key, request: request with { Observed = null }, seen, age, read),
            preferLocal: false);
    }

    private async Task RefreshAsync<TState, T>(
        FlightKey key, LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen, TimeSpan age, ActivityContext read)
    {
        var policy = request.Settings.Policy;
        using var span = StoreTracing.StartRefresh(policy, read);
        try
        {
            using var permit = limiter.TryEnterBehind();
            if (permit is null)
            {
                // Nobody waits for it, and the next reader tries again.
                return;
            }

            var answer = await cache.Leases.TryAcquireAsync(request.Key, seen, CancellationToken.None).ConfigureAwait(false);
            if (answer.Lease is { } lease)
            {
                metrics.RefreshBegins(policy, age);
                var stamp = new LoadStamp(isWanted: true);
                var (value, context, duration) = await loader.RunAsync(request, stamp, lease, CancellationToken.None).ConfigureAwait(false);
                metrics.Refreshed(policy, await cache.Storer.StoreAsync(request, value, context, duration, lease).ConfigureAwait(false));
            }
        }
        catch (Exception error)
        {
            ReadingLog.RefreshFailed(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
            metrics.Refreshed(policy, false);
            StoreTracing.Fail(span, error);
        }
        finally
        {
            _refreshing.TryRemove(key, out _);
        }
    }
}
