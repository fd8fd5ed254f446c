using System.Collections.Concurrent;
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
    public void RefreshBehind<TState, T>(LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen)
    {
        var key = new FlightKey(request.Key, typeof(T));
        if (!_refreshing.TryAdd(key, true))
        {
            return;
        }

        // Nothing of the caller's context goes along: not its ambient transaction, nor its activity.
        ThreadPool.UnsafeQueueUserWorkItem(
            static refresh => _ = refresh.Refresher.RefreshAsync(refresh.key, refresh.request, refresh.seen),
            (Refresher: this, key, request, seen),
            preferLocal: false);
    }

    private async Task RefreshAsync<TState, T>(FlightKey key, LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen)
    {
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
                var stamp = new LoadStamp(isWanted: true);
                var (value, context, duration) = await loader.RunAsync(request, stamp, lease, CancellationToken.None).ConfigureAwait(false);
                metrics.Refreshed(await cache.Storer.StoreAsync(request, value, context, duration, lease).ConfigureAwait(false));
            }
        }
        catch (Exception error)
        {
            ReadingLog.RefreshFailed(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
            metrics.Refreshed(false);
        }
        finally
        {
            _refreshing.TryRemove(key, out _);
        }
    }
}
