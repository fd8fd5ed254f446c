using System.Transactions;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Resilience.LoadLimiting;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading.Batches;

/// <summary>
/// Loads what a batch read misses: all at once, each key under a lease of its own, which is granted before the one stamp of the load. A key that
/// somebody else of this process loads is taken from there, after what is this caller's own: two batches that have keys in common never wait for
/// each other.
/// </summary>
internal sealed class BatchLoader(
    LoadRunner runner,
    EntryLoader loader,
    TimedLoads timedLoads,
    FlightTable flights,
    BatchFlight flight,
    LoadLimiter limiter,
    ILogger logger,
    ProtocolUnderTest? test = null)
{
    /// <param name="batch">The batch.</param>
    /// <param name="items">What it misses.</param>
    /// <param name="patience">Null where the caller waits for as long as it takes.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    public async Task LoadAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, IReadOnlyList<BatchItem> items, LoadPatience? patience, CancellationToken cancellationToken)
        where TId : notnull
    {
        if (Transaction.Current is not null)
        {
            // The load may see what this transaction has not committed: nobody else's business.
            await LoadAloneAsync(batch, items, cancellationToken).ConfigureAwait(false);
            return;
        }

        var arrivedAt = Flight.NextArrival();
        while (items.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await test.PassAsync(ProtocolStep.Join).ConfigureAwait(false);
            var (own, joined, alone) = Sort<T>(items, patience, cancellationToken);
            var waitingFor = new Queue<FlyingItem<T>>([.. own, .. joined]);
            try
            {
                if (own.Count > 0)
                {
                    await FlyAsync(batch, own, patience, cancellationToken).ConfigureAwait(false);
                }

                if (alone.Count > 0)
                {
                    await LoadAloneAsync(batch, alone, cancellationToken).ConfigureAwait(false);
                }

                var unsatisfied = new List<BatchItem>();
                for (var i = 0; waitingFor.TryPeek(out var next); i++)
                {
                    if (!await TryLandAsync(batch, next, arrivedAt, isStarter: i < own.Count, cancellationToken).ConfigureAwait(false))
                    {
                        unsatisfied.Add(next.Item);
                    }

                    waitingFor.Dequeue();
                }

                items = unsatisfied;
            }
            finally
            {
                // Whatever ends the wait: these flights have one caller less.
                foreach (var left in waitingFor)
                {
                    left.Flight.Leave();
                }
            }
        }
    }

    private async Task FlyAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, List<FlyingItem<T>> own, LoadPatience? patience, CancellationToken cancellationToken)
        where TId : notnull
    {
        var flying = flight.FlyAsync(batch, own);
        try
        {
            await flying.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (default(TState) is ICallerBound && patience is { IsOver: true })
        {
            // The caller goes on with what its delegate works with: that has to have ended, whoever else waits for it.
            foreach (var (item, started) in own)
            {
                flights.Remove(new FlightKey(item.Key, typeof(T)), started);
                started.Abandon();
            }

            await flying.ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Loads for one caller alone, and stores nothing.</summary>
    public async Task LoadAloneAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, IReadOnlyList<BatchItem> items, CancellationToken cancellationToken)
        where TId : notnull
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ids = items.Select(item => batch.Ids[item.Index]).ToArray();
        var rows = await timedLoads.LoadAloneAsync(
            batch.RequestOf(ids, items[0].Key), isBypassing: items.Any(item => item.Seen is null), cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < ids.Length; i++)
        {
            batch.Take(items[i].Index, rows.ValueOf(ids[i]));
        }
    }

    /// <summary>Which flights are this caller's to start, which are joined, and what is loaded alone, because its caller must not wait for
    /// others.</summary>
    private (List<FlyingItem<T>> Own, List<FlyingItem<T>> Joined, List<BatchItem> Alone) Sort<T>(
        IReadOnlyList<BatchItem> items, LoadPatience? patience, CancellationToken cancellationToken)
    {
        var (own, joined, alone) = (new List<FlyingItem<T>>(), new List<FlyingItem<T>>(), new List<BatchItem>());
        foreach (var item in items)
        {
            var key = new FlightKey(item.Key, typeof(T));
            while (true)
            {
                var candidate = new Flight<T>(cancellationToken, patience);
                var found = flights.GetOrAdd(key, candidate);
                if (ReferenceEquals(found, candidate))
                {
                    own.Add(new FlyingItem<T>(item, found));
                }
                else if (runner.IsLoading || limiter.Spares(item.Seen is null))
                {
                    alone.Add(item);
                    break;
                }
                else if (!found.TryJoin())
                {
                    // All its callers had gone; it is about to leave the table.
                    flights.Remove(key, found);
                    continue;
                }
                else
                {
                    joined.Add(new FlyingItem<T>(item, found));
                }

                item.Observed?.Take(found);
                break;
            }
        }

        return (own, joined, alone);
    }

    /// <summary>Takes what a flight brings. False where it will not do, as with a single read.</summary>
    private async ValueTask<bool> TryLandAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, FlyingItem<T> flying, long arrivedAt, bool isStarter, CancellationToken cancellationToken)
        where TId : notnull
    {
        Landing<T> landing;
        if (!isStarter)
        {
            test?.Gate?.WaitsFor(flying.Flight.Landing);
        }

        try
        {
            landing = await flying.Flight.Landing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (
            !isStarter && flying.Flight.StarterGone && !(error is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            ReadingLog.RepeatedForWaiter(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
            return false;
        }

        if (!await loader.TryTakeAsync(
            batch.RequestOf(flying.Item.Index), landing, arrivedAt, isStarter, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        batch.Take(flying.Item.Index, landing.Value);
        return true;
    }
}
