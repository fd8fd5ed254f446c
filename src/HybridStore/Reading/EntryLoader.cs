using System.Runtime.CompilerServices;
using System.Transactions;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Resilience.LoadLimiting;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Runs loads: one at a time for each key in this process, shared by all who ask for it meanwhile.</summary>
/// <param name="runner">Runs them.</param>
/// <param name="flights">Those that run.</param>
/// <param name="cache">Null where there is no Redis.</param>
/// <param name="limiter">Bounds how many run at once.</param>
/// <param name="metrics">Counts.</param>
/// <param name="logger">Logs.</param>
/// <param name="test">Null but in tests.</param>
internal sealed class EntryLoader(
    LoadRunner runner,
    FlightTable flights,
    LoaderCache? cache,
    LoadLimiter limiter,
    StoreMetrics metrics,
    ILogger logger,
    ProtocolUnderTest? test = null)
{
    /// <summary>Joins the flight of this key or starts one.</summary>
    /// <param name="request">What to load.</param>
    /// <param name="seen">The identity of an entry that is of no use to the caller; empty if there was none. Null where Redis is not to be
    /// asked, because it has just not answered or holds what is outdated: the value is then not stored.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T> LoadSharedAsync<TState, T>(
        LoadRequest<TState, T> request, ReadOnlyMemory<byte>? seen, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Transaction.Current is not null)
        {
            // The load may see what this transaction has not committed: nobody else's business.
            return await runner.LoadAloneAsync(request, seen is null, cancellationToken).ConfigureAwait(false);
        }

        var arrivedAt = Flight.NextArrival();
        var key = new FlightKey(request.Key, typeof(T));
        while (true)
        {
            await test.PassAsync(ProtocolStep.Join).ConfigureAwait(false);
            var candidate = new Flight<T>(cancellationToken, request.Patience);
            var flight = flights.GetOrAdd(key, candidate);
            var isStarter = ReferenceEquals(flight, candidate);
            request.Observed?.Take(flight);
            if (request.Patience is not null)
            {
                request.Patience.Flight = flight;
            }

            Task flying = flight.Landing;
            if (isStarter)
            {
                // Who has started it goes on where it ends, on the same thread.
                flying = FlyAsync(key, flight, request, seen);
            }
            else if (runner.IsLoading || limiter.Spares(seen is null))
            {
                return await runner.LoadAloneAsync(request, seen is null, cancellationToken).ConfigureAwait(false);
            }
            else if (!flight.TryJoin())
            {
                // All its callers had gone; it is about to leave the table.
                flights.Remove(key, flight);
                continue;
            }
            else
            {
                test?.Gate?.WaitsFor(flight.Landing);
            }

            try
            {
                await flying.WaitAsync(cancellationToken).ConfigureAwait(false);
                var landing = await flight.Landing.ConfigureAwait(false);

                if (await TryTakeAsync(request, landing, arrivedAt, isStarter, cancellationToken).ConfigureAwait(false))
                {
                    return landing.Value;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                if (isStarter && default(TState) is ICallerBound && request.Patience is { IsOver: true })
                {
                    // The caller goes on with what its delegate works with: that has to have ended, whoever else waits for it.
                    flights.Remove(key, flight);
                    flight.Abandon();
                    await flying.ConfigureAwait(false);
                }
                else
                {
                    flight.Leave();
                }

                throw;
            }
            catch (Exception error) when (!isStarter && flight.StarterGone)
            {
                // The delegate that failed was somebody else's, and what it worked with may have gone with its caller (a disposed
                // DI scope, say). This caller's own is tried, once: of a flight that it has started it takes the failure.
                ReadingLog.RepeatedForWaiter(logger, FailureLog.KindOf(error));
                FailureLog.InFull(logger, error);
            }
        }
    }

    /// <summary>Whether a caller may take what its flight has brought, which is then counted and noted.</summary>
    /// <param name="request">What the caller asks for.</param>
    /// <param name="landing">What has been brought.</param>
    /// <param name="arrivedAt">When the caller came.</param>
    /// <param name="isStarter">Whether the flight is its own.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<bool> TryTakeAsync<TState, T>(
        LoadRequest<TState, T> request, Landing<T> landing, long arrivedAt, bool isStarter, CancellationToken cancellationToken)
    {
        // What began before this caller came may be older than an invalidation that it knows of, unless the cache has taken it
        // since. Otherwise the next flight will do: it begins later. What was read in a transaction of its caller is nobody
        // else's: it can be older still, or never be committed.
        var isNewEnough = isStarter
            || test is { JoinersWaitForTheStore: false }
            || await landing.SatisfiesAsync(arrivedAt, cancellationToken).ConfigureAwait(false);
        if (!isNewEnough || !request.IsReflectedBy(landing, arrivedAt, isStarter))
        {
            return false;
        }

        if (!isStarter)
        {
            metrics.Coalesced(request.Settings.Policy, inProcess: true);
        }

        runner.NoteInput(landing.Stamp);
        return true;
    }

    /// <summary>Runs a flight to its end. Never throws.</summary>
    private async Task FlyAsync<TState, T>(
        FlightKey key, Flight<T> flight, LoadRequest<TState, T> request, ReadOnlyMemory<byte>? seen)
    {
        try
        {
            var landing = await LandAsync(flight, request, seen).ConfigureAwait(false);

            // The command to store has been sent before anybody gets the value and before the flight leaves the table: whoever reads
            // next asks Redis behind it and finds the entry.
            flights.Remove(key, flight);
            flight.Succeed(landing);
        }
        catch (Exception error)
        {
            flights.Remove(key, flight);
            flight.Fail(error);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Landing<T>> LandAsync<TState, T>(
        Flight<T> flight, LoadRequest<TState, T> request, ReadOnlyMemory<byte>? seen)
    {
        Lease? lease = null;
        var isBypassing = seen is null;
        if (cache is not null && seen is { } unwanted)
        {
            // Nobody knows how old an entry is that comes without a mark: who has a bound does not wait for one.
            var patience = request.MaxStaleness is null ? cache.Leases.LongestWait : TimeSpan.Zero;
            var answer = await cache.Leases.AcquireAsync(request.Key, unwanted, flight, patience, flight.Token).ConfigureAwait(false);
            ReadOnlyMemory<byte> entry = answer.Entry;
            if (!answer.Entry.IsNull
                && request.MaxStaleness is null
                && cache.Reader.TryRead(request, entry, out var header, out T value)
                && header.ReadStamp(entry.Span) is var stampOfEntry
                && request.IsReflectedBy(stampOfEntry))
            {
                metrics.Coalesced(request.Settings.Policy, inProcess: false);
                return new Landing<T>(value, LoadStamp.OfEntry(stampOfEntry), flight.BeganAt, 0, Task.FromResult(false));
            }

            lease = answer.Lease;
            isBypassing = !answer.IsAnswered;
        }

        var stamp = new LoadStamp(isWanted: lease is not null || runner.IsLoading) { IsShared = true, MaxStaleness = request.MaxStaleness };
        var (loaded, context, duration) = await runner.RunInTurnAsync(flight, request, stamp, lease, isBypassing).ConfigureAwait(false);
        await test.PassAsync(ProtocolStep.Store).ConfigureAwait(false);
        var sentAt = Flight.NextArrival();
        var stored = lease is null ? Task.FromResult(false) : cache!.Storer.StoreAsync(request, loaded, context, duration, lease);
        return new Landing<T>(loaded, context.Stamp, flight.BeganAt, sentAt, stored, context.IsOnStandby);
    }
}
