using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis;

namespace HybridStore.Reading.Batches;

/// <summary>Brings the flights of one batch home. What is held is loaded before anything is waited for: keys whose lease somebody else holds are
/// asked for again, with growing, jittered pauses, when the others have landed.</summary>
internal sealed class BatchFlight(
    IEntryCache? gateway,
    LoadRunner runner,
    FlightTable flights,
    LoaderCache? cache,
    StoreMetrics metrics,
    TimeProvider timeProvider,
    ProtocolUnderTest? test = null)
{
    private static readonly Task<bool> NotStored = Task.FromResult(false);

    /// <summary>Never throws: what fails, fails the flights.</summary>
    public async Task FlyAsync<TState, TId, T>(Batch<TState, TId, T> batch, List<FlyingItem<T>> flying)
        where TId : notnull
    {
        using var token = new BatchToken([.. flying.Select(item => ((Flight)item.Flight, item.Flight.Token))]);
        var aloft = flying;
        try
        {
            var (startedAt, pauses) = (timeProvider.GetTimestamp(), default(LeasePauses));
            var patience = batch.MaxStaleness is null && cache is not null ? cache.Leases.LongestWait : TimeSpan.Zero;
            while (aloft.Count > 0)
            {
                var left = patience - timeProvider.GetElapsedTime(startedAt);
                var (due, held) = await AskAsync(batch, aloft, token, isLastTime: left <= TimeSpan.Zero).ConfigureAwait(false);
                aloft = [.. due.Select(load => load.Flying), .. held];
                if (due.Count > 0)
                {
                    await LoadOrFailAsync(batch, due, token).ConfigureAwait(false);
                    aloft = held;
                }
                else if (held.Count > 0)
                {
                    await Task.Delay(pauses.Next(left), timeProvider, token.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error)
        {
            Fail(aloft, error);
        }
    }

    private void Fail<T>(IEnumerable<FlyingItem<T>> flying, Exception error)
    {
        foreach (var (item, flight) in flying)
        {
            flights.Remove(new FlightKey(item.Key, typeof(T)), flight);
            flight.Fail(error);
        }
    }

    /// <summary>A failure is that of what was to be loaded: who waits for a key that somebody else holds goes on waiting.</summary>
    private async Task LoadOrFailAsync<TState, TId, T>(Batch<TState, TId, T> batch, List<DueLoad<T>> due, BatchToken token)
        where TId : notnull
    {
        try
        {
            await LoadAsync(batch, due, token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Fail(due.Select(load => load.Flying), error);
        }
    }

    /// <summary>Asks for the leases. What was stored meanwhile lands.</summary>
    /// <returns>What is to be loaded now, and what somebody else loads.</returns>
    private async ValueTask<(List<DueLoad<T>> Due, List<FlyingItem<T>> Held)> AskAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, List<FlyingItem<T>> aloft, BatchToken token, bool isLastTime)
        where TId : notnull
    {
        var due = new List<DueLoad<T>>(aloft.Count);
        var held = new List<FlyingItem<T>>();
        var asked = new List<FlyingItem<T>>(aloft.Count);
        foreach (var flying in aloft)
        {
            if (gateway is null || cache is null || flying.Item.Seen is null)
            {
                due.Add(new DueLoad<T>(flying, Lease: null, IsBypassing: flying.Item.Seen is null));
            }
            else
            {
                asked.Add(flying);
            }
        }

        if (asked.Count == 0)
        {
            return (due, held);
        }

        await test.PassAsync(ProtocolStep.Lease).ConfigureAwait(false);
        foreach (var (_, flight) in asked)
        {
            flight.MarkBegin();
        }

        var beganAt = timeProvider.GetTimestamp();
        var recoveries = gateway!.Recoveries;
        var answers = await gateway.LeaseManyAsync(
            [.. asked.Select(flying => (flying.Item.Key, flying.Item.Seen!.Value))], LeasePurpose.Read, token.Token).ConfigureAwait(false);
        var waited = timeProvider.GetElapsedTime(beganAt);
        for (var i = 0; i < asked.Count; i++)
        {
            var (flying, isAnswered) = (asked[i], answers[i].TryGetValue(out var answer));
            flying.Flight.NoteFences(answer.Fences);
            if (answer.Lease is not null)
            {
                metrics.Leased(waited, "granted");
                due.Add(new DueLoad<T>(flying, answer.Lease, IsBypassing: false));
            }
            else if (!isAnswered || (!answer.Entry.IsNull && (gateway.Recoveries != recoveries || gateway.IsRecovering(flying.Item.Key))))
            {
                // An entry that is from before an outage: nobody knows yet how old it is.
                metrics.Leased(waited, "unavailable");
                due.Add(new DueLoad<T>(flying, Lease: null, IsBypassing: true));
            }
            else if (!answer.Entry.IsNull)
            {
                metrics.Leased(waited, "entry");
                if (!TryLand(batch, flying, answer.Entry, token))
                {
                    due.Add(new DueLoad<T>(flying, Lease: null, IsBypassing: false));
                }
            }
            else if (isLastTime)
            {
                metrics.Leased(waited, "gave_up");
                due.Add(new DueLoad<T>(flying, Lease: null, IsBypassing: false));
            }
            else
            {
                held.Add(flying);
            }
        }

        return (due, held);
    }

    /// <summary>Lands with what another holder of the lease has stored meanwhile.</summary>
    private bool TryLand<TState, TId, T>(
        Batch<TState, TId, T> batch, FlyingItem<T> flying, ReadOnlyMemory<byte> entry, BatchToken token)
        where TId : notnull
    {
        var request = batch.RequestOf(flying.Item.Index);
        if (batch.MaxStaleness is not null
            || !cache!.Reader.TryRead(request, entry, out var header, out T value)
            || header.ReadStamp(entry.Span) is var stamp && !request.IsReflectedBy(stamp))
        {
            return false;
        }

        metrics.Coalesced(batch.Settings.Policy, inProcess: false);
        Land(flying, new Landing<T>(value, LoadStamp.OfEntry(stamp), flying.Flight.BeganAt, 0, NotStored), token);
        return true;
    }

    private async Task LoadAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, List<DueLoad<T>> due, BatchToken token)
        where TId : notnull
    {
        var leases = due.Where(load => load.Lease is not null).Select(load => (load.Flying.Item.Key, load.Lease!)).ToList();
        var ids = due.Select(load => batch.Ids[load.Flying.Item.Index]).ToArray();
        var request = batch.RequestOf(ids, due[0].Flying.Item.Key);
        var stamp = new LoadStamp(isWanted: leases.Count > 0 || runner.IsLoading) { IsShared = true, MaxStaleness = batch.MaxStaleness };
        var (rows, context, duration) = await runner.RunManyAsync(
            request,
            stamp,
            leases,
            isBypassing: due.Exists(load => load.IsBypassing),
            isHeld: leases.Count == due.Count,
            MarkBegin,
            token.Token).ConfigureAwait(false);
        await test.PassAsync(ProtocolStep.Store).ConfigureAwait(false);
        var sentAt = Flight.NextArrival();
        var stored = Store(batch, due, ids, rows, duration);
        for (var i = 0; i < due.Count; i++)
        {
            var flying = due[i].Flying;
            Land(
                flying,
                new Landing<T>(rows.ValueOf(ids[i]), context.Stamp, flying.Flight.BeganAt, sentAt, stored[i], context.IsOnStandby),
                token);
        }

        void MarkBegin()
        {
            foreach (var load in due)
            {
                load.Flying.Flight.MarkBegin();
            }
        }
    }

    /// <summary>Sends what has a lease.</summary>
    /// <returns>For each load whether the cache has taken its value.</returns>
    private Task<bool>[] Store<TState, TId, T>(
        Batch<TState, TId, T> batch, List<DueLoad<T>> due, TId[] ids, BatchRows<TId, T> rows, TimeSpan duration)
        where TId : notnull
    {
        var (places, entries) = (new List<int>(due.Count), new List<StorableEntry<SingleOfBatch<TState, TId, T>, T>>(due.Count));
        for (var i = 0; i < due.Count; i++)
        {
            if (due[i].Lease is { } lease)
            {
                places.Add(i);
                entries.Add(new StorableEntry<SingleOfBatch<TState, TId, T>, T>(
                    batch.RequestOf(due[i].Flying.Item.Index), rows.ValueOf(ids[i]), rows.ContextOf(ids[i]), lease));
            }
        }

        var stored = new Task<bool>[due.Count];
        Array.Fill(stored, NotStored);
        if (entries.Count > 0)
        {
            foreach (var call in cache!.Storer.StoreMany(entries, duration))
            {
                for (var i = 0; i < call.Places.Count; i++)
                {
                    stored[places[call.Places[i]]] = OfAsync(call.Stored, i);
                }
            }
        }

        return stored;

        static async Task<bool> OfAsync(Task<bool[]> storing, int place) => (await storing.ConfigureAwait(false))[place];
    }

    // The command to store has been sent before the flight leaves the table: whoever reads next asks Redis behind it and finds the entry.
    private void Land<T>(FlyingItem<T> flying, Landing<T> landing, BatchToken token)
    {
        token.Landed(flying.Flight);
        flights.Remove(new FlightKey(flying.Item.Key, typeof(T)), flying.Flight);
        flying.Flight.Succeed(landing);
    }

    /// <summary>What is to be loaded now.</summary>
    /// <param name="Flying">The flight.</param>
    /// <param name="Lease">Its lease; null where the value will not be stored.</param>
    /// <param name="IsBypassing">Whether it is loaded because Redis is out of reach.</param>
    private readonly record struct DueLoad<T>(FlyingItem<T> Flying, Lease? Lease, bool IsBypassing);
}
