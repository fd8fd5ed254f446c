using System.Transactions;
using HybridStore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Loads for callers who do not wait for ever, or take a value past its expiry where there is none from a load.</summary>
/// <param name="runner">Loads for one caller alone.</param>
/// <param name="loader">Loads for all who wait.</param>
/// <param name="stale">Null where there is no cache.</param>
/// <param name="timeProvider">Measures.</param>
/// <param name="logger">Logs.</param>
internal sealed class TimedLoads(LoadRunner runner, EntryLoader loader, StaleEntries? stale, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>As <see cref="LoadRunner.LoadAloneAsync"/>, within the hard time-out.</summary>
    public ValueTask<T> LoadAloneAsync<TState, T>(
        LoadRequest<TState, T> request, bool isBypassing, CancellationToken cancellationToken) =>
        request.Settings.HardLoadTimeout is { } limit
            ? LoadAloneAsync(request, isBypassing, limit, cancellationToken)
            : runner.LoadAloneAsync(request, isBypassing, cancellationToken);

    /// <summary>As <see cref="EntryLoader.LoadSharedAsync"/>, within the time-outs, and with what is left in Redis if it fails.</summary>
    public async ValueTask<ReadAnswer<T>> LoadSharedAsync<TState, T>(
        LoadRequest<TState, T> request, ReadOnlyMemory<byte>? seen, CancellationToken cancellationToken)
    {
        try
        {
            return await LoadInTimeAsync(request, seen, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (
            // Where Redis has just not answered, or holds what is outdated, there is nothing to ask it for.
            seen is not null && stale is not null && stale.MayServe(request) && !cancellationToken.IsCancellationRequested)
        {
            var reason = error is HybridStoreLoadTimeoutException ? StaleReason.TimedOut : StaleReason.Failed;
            if (await stale.TryServeAsync(request, reason, error, cancellationToken).ConfigureAwait(false) is { } answer)
            {
                return answer;
            }

            throw;
        }
    }

    private async ValueTask<T> LoadAloneAsync<TState, T>(
        LoadRequest<TState, T> request, bool isBypassing, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var patience = new LoadPatience(limit, timeProvider, cancellationToken);
        var loading = runner.LoadAloneAsync(request, isBypassing, patience.Token).AsTask();
        return await EndAsync(loading, patience, limit, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<ReadAnswer<T>> LoadInTimeAsync<TState, T>(
        LoadRequest<TState, T> request, ReadOnlyMemory<byte>? seen, CancellationToken cancellationToken)
    {
        // Without an entry that is past its expiry nobody gets anything early; and what runs in the caller's transaction ends before that.
        var hard = request.Settings.HardLoadTimeout;
        var soft = seen is { IsEmpty: false } && stale is not null && stale.MayServe(request) && Transaction.Current is null
            ? request.Settings.SoftLoadTimeout
            : null;
        if (soft is null && hard is null)
        {
            return new ReadAnswer<T>(await loader.LoadSharedAsync(request, seen, cancellationToken).ConfigureAwait(false), IsStale: false);
        }

        var patience = new LoadPatience(hard, timeProvider, cancellationToken);
        var isLeftBehind = false;
        try
        {
            var loading = loader.LoadSharedAsync(request with { Patience = patience }, seen, patience.Token).AsTask();
            if (soft is { } early
                && !await IsOverWithinAsync(loading, early).ConfigureAwait(false)
                && await TryServeEarlyAsync(request, cancellationToken).ConfigureAwait(false) is { } answer)
            {
                patience.GoOn();
                if (default(TState) is ICallerBound)
                {
                    // What it works with is the caller's, who goes on with it.
                    await patience.EndAsync().ConfigureAwait(false);
                    await ((Task)loading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
                else
                {
                    isLeftBehind = true;
                    _ = patience.Flight?.TryStay() == false ? LeaveAsync(loading, patience) : FinishBehindAsync(loading, patience);
                }

                return answer;
            }

            return new ReadAnswer<T>(await EndAsync(loading, patience, hard, cancellationToken).ConfigureAwait(false), IsStale: false);
        }
        finally
        {
            if (!isLeftBehind)
            {
                patience.Dispose();
            }
        }
    }

    /// <summary>A caller that is cancelled meanwhile finds that out from its load.</summary>
    private async ValueTask<ReadAnswer<T>?> TryServeEarlyAsync<TState, T>(
        LoadRequest<TState, T> request, CancellationToken cancellationToken)
    {
        try
        {
            return await stale!.TryServeAsync(request, StaleReason.Slow, error: null, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async ValueTask<bool> IsOverWithinAsync(Task loading, TimeSpan time)
    {
        if (loading.IsCompleted)
        {
            return true;
        }

        using var waiting = new CancellationTokenSource();
        var first = await Task.WhenAny(loading, Task.Delay(time, timeProvider, waiting.Token)).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
        return first == loading;
    }

    /// <summary>The end of a load as its caller knows it: by its own token, or its own time-out.</summary>
    public static async Task EndAsync(Task loading, LoadPatience patience, TimeSpan? limit, CancellationToken cancellationToken)
    {
        try
        {
            await loading.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit is not null && patience.IsOver)
        {
            throw new HybridStoreLoadTimeoutException(limit.Value);
        }
        catch (OperationCanceledException error) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancellationToken);
        }
    }

    private static async ValueTask<T> EndAsync<T>(
        Task<T> loading, LoadPatience patience, TimeSpan? limit, CancellationToken cancellationToken)
    {
        await EndAsync((Task)loading, patience, limit, cancellationToken).ConfigureAwait(false);
        return await loading.ConfigureAwait(false);
    }

    private static async Task LeaveAsync(Task loading, LoadPatience patience)
    {
        await patience.EndAsync().ConfigureAwait(false);
        await loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        patience.Dispose();
    }

    private async Task FinishBehindAsync(Task loading, LoadPatience patience)
    {
        try
        {
            await loading.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            StaleLog.FailedBehind(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
        }
        finally
        {
            patience.Dispose();
        }
    }
}
