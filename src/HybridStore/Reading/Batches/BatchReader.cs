using System.Diagnostics;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Policies;
using HybridStore.Redis;
using HybridStore.Usage;
using HybridStore.Writing;

namespace HybridStore.Reading.Batches;

/// <summary>Cache-aside for many keys at once: one answer of Redis for each partition, one load for all that it does not have.</summary>
internal sealed class BatchReader(
    IEntryCache gateway,
    CacheAsideReader reader,
    BatchLoader loads,
    IInvalidator invalidations,
    StoreMetrics metrics,
    KnownEntries known,
    IAppliedMarks marks,
    StaleEntries stale,
    TimeProvider timeProvider,
    IProtocolGate? gate = null)
{
    public async ValueTask ReadAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, bool allowReplicas, Activity? span, CancellationToken cancellationToken)
        where TId : notnull
    {
        var beganAt = metrics.BeginRead();
        if (gate is not null)
        {
            await gate.PassAsync(ProtocolStep.ReadEntry).ConfigureAwait(false);
        }

        // Asked before the read: an invalidation that is applied while Redis answers is no longer pending.
        var pending = PendingOf(batch.Keys);
        if (batch.MaxStaleness is not null)
        {
            await marks.PrepareAsync(cancellationToken).ConfigureAwait(false);
        }

        var recoveries = gateway.Recoveries;
        var answers = await gateway.ReadManyAsync(
            batch.Keys, allowReplicas, batch.AsksForMark, batch.MaxStaleness is not null, cancellationToken).ConfigureAwait(false);
        List<Missed>? missed = null;
        for (var i = 0; i < answers.Length; i++)
        {
            var request = batch.RequestOf(i);
            var refusal = new Refusal(ReadResult.InvalidationPending);
            if (pending?[i] is not true
                && reader.TryTake(request, answers[i], recoveries, out var entry, out var header, out T value, out var readAt, out refusal))
            {
                // How long the batch took is not how long a read takes.
                reader.Serve(request, header, readAt, beganAt: 0);
                reader.NoteInput(header, entry);
                if (default(TState) is not ICallerBound)
                {
                    reader.GoOnBehind(request, header, entry, readAt.Now);
                }

                batch.Take(i, value);
                continue;
            }

            (missed ??= new List<Missed>(answers.Length - i)).Add(Count(batch.Settings, i, request.Key, refusal));
        }

        var result = missed is null ? ReadResult.Hit : missed[0].Refusal.Result;
        span?.SetTag(TagNames.Outcome, result.Name());
        try
        {
            if (missed is not null)
            {
                await LoadAsync(batch, missed, cancellationToken).ConfigureAwait(false);
            }

            metrics.EndRead(batch.Settings.Policy, result, beganAt, error: null);
        }
        catch (Exception error)
        {
            metrics.EndRead(batch.Settings.Policy, result, beganAt, error);
            throw;
        }
    }

    private bool[]? PendingOf(IReadOnlyList<string> keys)
    {
        bool[]? pending = null;
        for (var i = 0; i < keys.Count; i++)
        {
            if (invalidations.IsPending(keys[i]))
            {
                (pending ??= new bool[keys.Count])[i] = true;
            }
        }

        return pending;
    }

    private Missed Count(EntrySettings settings, int index, string key, in Refusal refusal)
    {
        metrics.Read(settings.Policy, refusal.Result);
        if (refusal.Result != ReadResult.Miss)
        {
            return new Missed(index, key, refusal, Before: null, Observed: null);
        }

        settings.Policy.Usage.Miss();
        return metrics.AsksForCauses
            ? new Missed(index, key, refusal, known.Find(key), new ReadObservation(span: null))
            : new Missed(index, key, refusal, Before: null, Observed: null);
    }

    private async Task LoadAsync<TState, TId, T>(Batch<TState, TId, T> batch, List<Missed> missed, CancellationToken cancellationToken)
        where TId : notnull
    {
        // What is remembered of the keys was looked up before the loads are stored over them.
        var (generation, readAt) = (gateway.Generation, known.Now);
        try
        {
            await LoadInTimeAsync(
                batch,
                [.. missed.Select(miss => new BatchItem(miss.Index, miss.Key, miss.Refusal.Seen, miss.Observed))],
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (batch.Settings.StaleOnError is not null && !cancellationToken.IsCancellationRequested)
        {
            if (!await TryServeStaleAsync(batch, missed, error, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }
        }
        finally
        {
            foreach (var miss in missed)
            {
                if (miss.Observed is { } observed)
                {
                    metrics.Missed(
                        batch.Settings.Policy,
                        miss.Refusal.Cause ?? KnownEntries.CauseOf(miss.Before, readAt, generation, observed.Fences));
                }
            }
        }
    }

    /// <summary>Within the hard time-out. There is no soft one for a batch: its callers get all of it.</summary>
    private async Task LoadInTimeAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, IReadOnlyList<BatchItem> items, CancellationToken cancellationToken)
        where TId : notnull
    {
        if (batch.Settings.HardLoadTimeout is not { } limit)
        {
            await loads.LoadAsync(batch, items, patience: null, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var patience = new LoadPatience(limit, timeProvider, cancellationToken);
        await TimedLoads.EndAsync(
            loads.LoadAsync(batch, items, patience, patience.Token), patience, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All that was not loaded past its expiry, or nothing.</summary>
    private async ValueTask<bool> TryServeStaleAsync<TState, TId, T>(
        Batch<TState, TId, T> batch, List<Missed> missed, Exception error, CancellationToken cancellationToken)
        where TId : notnull
    {
        var reason = error is HybridStoreLoadTimeoutException ? StaleReason.TimedOut : StaleReason.Failed;
        var open = missed.FindAll(miss => !batch.IsTaken(miss.Index));
        if (open.Exists(miss => miss.Refusal.Seen is null))
        {
            return false;
        }

        // Side by side, so that they leave together.
        var answers = await Task.WhenAll(open.Select(miss =>
            stale.TryServeAsync(batch.RequestOf(miss.Index), reason, error, cancellationToken).AsTask())).ConfigureAwait(false);
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] is not { } answer)
            {
                return false;
            }

            batch.Take(open[i].Index, answer.Value);
        }

        return true;
    }

    private readonly record struct Missed(int Index, string Key, Refusal Refusal, KnownEntry? Before, ReadObservation? Observed);
}
