using System.Collections.Concurrent;
using System.Diagnostics;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Resilience.LoadLimiting;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Loads entries again before they expire, behind the reader who noticed or by himself: one at a time for each key in this process,
/// and, by the lease, among all. A failure is logged and leaves the entry alone.</summary>
internal sealed class EntryRefresher(
    LoadRunner runner, LoaderCache cache, LoadLimiter limiter, StoreMetrics metrics, TimeProvider timeProvider, ILogger logger)
    : IAsyncDisposable
{
    /// <summary>How long a store that ends waits for those that run.</summary>
    internal static readonly TimeSpan LastWait = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<FlightKey, bool> _refreshing = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Those that run behind their readers, and one for the store itself until it ends.
    private int _running = 1;
    private int _isEnding;

    /// <param name="request">What to load.</param>
    /// <param name="seen">The identity of the entry that is to be replaced.</param>
    /// <param name="age">How old that is.</param>
    public void RefreshBehind<TState, T>(LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen, TimeSpan age)
    {
        if (!TryBegin())
        {
            return;
        }

        var key = new FlightKey(request.Key, typeof(T));
        if (!_refreshing.TryAdd(key, true))
        {
            End();
            return;
        }

        // Nothing of the caller's context goes along: not its ambient transaction, nor its activity, to which there is a link alone.
        var read = request.Observed?.Span?.Context ?? default;
        ThreadPool.UnsafeQueueUserWorkItem(
            static refresh => _ = refresh.Refresher.RefreshAsync(refresh.key, refresh.request, refresh.seen, refresh.age, refresh.read),
            (Refresher: this, key, request: request with { Observed = null }, seen, age, read),
            preferLocal: false);
    }

    /// <summary>Loads in the caller's own flow. Null where the current value has to do: somebody else is at it, or the load has failed.</summary>
    /// <param name="request">What to load.</param>
    /// <param name="seen">The identity of the entry that is to be replaced.</param>
    /// <param name="age">How old that is.</param>
    /// <param name="cancellationToken">Ends it, with an <see cref="OperationCanceledException"/>.</param>
    public async ValueTask<RefreshedValue<T>?> RefreshAsync<TState, T>(
        LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen, TimeSpan age, CancellationToken cancellationToken)
    {
        var key = new FlightKey(request.Key, typeof(T));
        if (Volatile.Read(ref _isEnding) != 0 || !_refreshing.TryAdd(key, true))
        {
            return null;
        }

        try
        {
            // Who has a value does not wait for longer than without one.
            using var patience = (request.Settings.SoftLoadTimeout ?? request.Settings.HardLoadTimeout) is { } limit
                ? new LoadPatience(limit, timeProvider, cancellationToken)
                : null;
            var stamp = new LoadStamp(isWanted: true) { MaxStaleness = request.MaxStaleness };
            if (await TryLoadAsync(request, seen, age, stamp, patience?.Token ?? cancellationToken).ConfigureAwait(false) is not { } loaded)
            {
                return null;
            }

            // The command to store is on its way: whoever reads next asks Redis behind it. What becomes of it nobody waits for.
            _ = CountAsync(request.Settings.Policy, loaded.Stored);
            return loaded.Value;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Tell(request.Settings.Policy, error);
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            _refreshing.TryRemove(key, out _);
        }
    }

    /// <summary>None begins any more. Those that run behind their readers have a moment to end, and are cancelled then.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isEnding, 1) != 0)
        {
            return;
        }

        End();
        try
        {
            await _idle.Task.WaitAsync(LastWait, timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What does not end by itself is given up with its connection.
            await _stopping.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>False once the store ends. Counted before that is looked at: either this sees it, or the store sees this one.</summary>
    private bool TryBegin()
    {
        Interlocked.Increment(ref _running);
        if (Volatile.Read(ref _isEnding) == 0)
        {
            return true;
        }

        End();
        return false;
    }

    private void End()
    {
        if (Interlocked.Decrement(ref _running) == 0)
        {
            _idle.TrySetResult();
        }
    }

    private async Task RefreshAsync<TState, T>(
        FlightKey key, LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen, TimeSpan age, ActivityContext read)
    {
        var policy = request.Settings.Policy;
        using var span = StoreTracing.StartRefresh(policy, read);
        try
        {
            var stamp = new LoadStamp(isWanted: true);
            if (await TryLoadAsync(request, seen, age, stamp, _stopping.Token).ConfigureAwait(false) is { } loaded)
            {
                await CountAsync(policy, loaded.Stored).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException error) when (_stopping.IsCancellationRequested)
        {
            // The store has ended over it.
            metrics.Refreshed(policy, false);
            StoreTracing.Fail(span, error);
        }
        catch (Exception error)
        {
            Tell(policy, error);
            StoreTracing.Fail(span, error);
        }
        finally
        {
            _refreshing.TryRemove(key, out _);
            End();
        }
    }

    /// <summary>Null where nothing is loaded, because of the limit or of somebody else's lease.</summary>
    private async ValueTask<(RefreshedValue<T> Value, Task<bool> Stored)?> TryLoadAsync<TState, T>(
        LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen, TimeSpan age, LoadStamp stamp, CancellationToken cancellationToken)
    {
        using var permit = limiter.TryEnterBehind();
        if (permit is null)
        {
            // Nobody has to wait for it, and the next reader tries again.
            return null;
        }

        var answer = await cache.Leases.TryAcquireAsync(request.Key, seen, cancellationToken).ConfigureAwait(false);
        if (answer.Lease is not { } lease)
        {
            return null;
        }

        metrics.RefreshBegins(request.Settings.Policy, age);
        var (value, context, duration) = await runner.RunAsync(request, stamp, lease, cancellationToken).ConfigureAwait(false);
        var stored = cache.Storer.StoreAsync(request, value, context, duration, lease);
        return (new RefreshedValue<T>(value, context.Stamp), stored);
    }

    private async Task CountAsync(PolicyMeter policy, Task<bool> stored) => metrics.Refreshed(policy, await stored.ConfigureAwait(false));

    private void Tell(PolicyMeter policy, Exception error)
    {
        ReadingLog.RefreshFailed(logger, FailureLog.KindOf(error));
        FailureLog.InFull(logger, error);
        metrics.Refreshed(policy, false);
    }
}

/// <summary>What a reader has loaded in place of an entry.</summary>
/// <param name="Value">The value.</param>
/// <param name="Stamp">The snapshots that it reflects.</param>
internal readonly record struct RefreshedValue<T>(T Value, LoadStamp Stamp);
