using HybridStore.Diagnostics;
using HybridStore.Postgres;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Runs loads: one at a time for each key in this process, shared by all who ask for it meanwhile.</summary>
internal sealed class EntryLoader(
    PostgresGateway postgres,
    FlightTable flights,
    EntryStorer? storer,
    StoreMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger)
{
    // A loader that reads through the store is inside a flight. It never waits for another flight: two loaders that wait for each
    // other's keys would wait for ever.
    private readonly AsyncLocal<bool> _insideFlight = new();

    /// <summary>Loads for one caller alone, and stores nothing.</summary>
    public async ValueTask<T> LoadAloneAsync<TState, T>(LoadRequest<TState, T> request, CancellationToken cancellationToken)
    {
        var (value, _, _) = await RunAsync(request, cancellationToken).ConfigureAwait(false);
        return value;
    }

    /// <summary>Joins the flight of this key or starts one.</summary>
    public async ValueTask<T> LoadSharedAsync<TState, T>(LoadRequest<TState, T> request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var key = new FlightKey(request.Key, typeof(T));
        for (var mayRepeat = true; ;)
        {
            var candidate = new Flight<T>();
            var flight = flights.GetOrAdd(key, candidate);
            var isStarter = ReferenceEquals(flight, candidate);
            if (isStarter)
            {
                _ = FlyAsync(key, flight, request);
            }
            else if (_insideFlight.Value)
            {
                return await LoadAloneAsync(request, cancellationToken).ConfigureAwait(false);
            }
            else if (!flight.TryJoin())
            {
                // All its callers had gone; it is about to leave the table.
                flights.Remove(key, flight);
                continue;
            }

            try
            {
                return await flight.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                flight.Leave(isStarter);
                throw;
            }
            catch (Exception error) when (!isStarter && mayRepeat && flight.StarterGone)
            {
                // The delegate that failed was somebody else's, and what it worked with may have gone with its caller (a disposed
                // DI scope, say). This caller's own is tried once.
                ReadingLog.RepeatedForWaiter(logger, FailureLog.KindOf(error));
                FailureLog.InFull(logger, error);
                mayRepeat = false;
            }
        }
    }

    /// <summary>Loads behind the caller's back, unless this key is being loaded already. A failure is logged and leaves the entry
    /// alone.</summary>
    public void RefreshBehind<TState, T>(LoadRequest<TState, T> request)
    {
        var key = new FlightKey(request.Key, typeof(T));
        if (flights.Contains(key))
        {
            return;
        }

        var flight = new Flight<T>(starterGone: true);
        if (!flights.TryAdd(key, flight))
        {
            return;
        }

        // Nothing of the caller's context goes along: not its ambient transaction, nor its activity.
        ThreadPool.UnsafeQueueUserWorkItem(
            static refresh => _ = refresh.Loader.RefreshAsync(refresh.key, refresh.flight, refresh.request),
            (Loader: this, key, flight, request),
            preferLocal: false);
    }

    private async Task RefreshAsync<TState, T>(FlightKey key, Flight<T> flight, LoadRequest<TState, T> request)
    {
        await FlyAsync(key, flight, request).ConfigureAwait(false);
        if (flight.Value.Exception?.InnerException is { } error)
        {
            ReadingLog.RefreshFailed(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
        }

        metrics.Refreshed(flight.Value.IsCompletedSuccessfully);
    }

    /// <summary>Runs a flight to its end. Never throws.</summary>
    private async Task FlyAsync<TState, T>(FlightKey key, Flight<T> flight, LoadRequest<TState, T> request)
    {
        try
        {
            _insideFlight.Value = true;
            var (value, context, duration) = await RunAsync(request, flight.Token).ConfigureAwait(false);

            // The command to store is sent before anybody gets the value and before the flight leaves the table: whoever reads
            // next asks Redis behind it and finds the entry.
            storer?.Store(flight, request, value, context, duration);
            flights.Remove(key, flight);
            flight.Succeed(value);
        }
        catch (Exception error)
        {
            flights.Remove(key, flight);
            flight.Fail(error);
        }
    }

    private async Task<(T Value, LoadContext Context, TimeSpan Duration)> RunAsync<TState, T>(
        LoadRequest<TState, T> request, CancellationToken cancellationToken)
    {
        var context = new LoadContext(postgres.DataSource, request.Key, request.Settings.TimeToLive);
        var startedAt = timeProvider.GetTimestamp();
        try
        {
            var value = await request.Load(request.State, context, cancellationToken).ConfigureAwait(false);
            var duration = timeProvider.GetElapsedTime(startedAt);
            metrics.Loaded(duration);
            return (value, context, duration);
        }
        finally
        {
            await context.ReleaseAsync().ConfigureAwait(false);
        }
    }
}
