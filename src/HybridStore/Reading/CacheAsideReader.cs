using System.Runtime.CompilerServices;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Serialization;
using HybridStore.Usage;
using HybridStore.Verifying;
using HybridStore.Writing;
using StackExchange.Redis;

namespace HybridStore.Reading;

/// <summary>Cache-aside: the entry if Redis has it, else one load for all who ask, whose value is stored behind them.</summary>
internal sealed class CacheAsideReader(
    IEntryCache gateway,
    EntryReader entries,
    EntryLoader loader,
    TimedLoads timedLoads,
    EntryRefresher refresher,
    IInvalidator invalidations,
    StoreMetrics metrics,
    KnownEntries known,
    IAppliedMarks marks,
    OnlineVerifier? verifier = null,
    IProtocolGate? gate = null)
{
    /// <summary>Whether reads of this key pass Redis by at the moment.</summary>
    public bool IsRedisAway(string key) => gateway.IsAway(key);

    // Most reads wait for an answer: their state machines are used again instead of being allocated.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T> ReadAsync<TState, T>(
        LoadRequest<TState, T> request, bool allowReplicas, CancellationToken cancellationToken)
    {
        var beganAt = metrics.BeginRead();
        if (gate is not null)
        {
            await gate.PassAsync(ProtocolStep.ReadEntry).ConfigureAwait(false);
        }

        if (invalidations.IsPending(request.Key))
        {
            return await LoadAsync(request, seen: null, ReadResult.InvalidationPending, beganAt, cancellationToken).ConfigureAwait(false);
        }

        if (request.MaxStaleness is not null)
        {
            await marks.PrepareAsync(cancellationToken).ConfigureAwait(false);
        }

        var recoveries = gateway.Recoveries;
        var answer = request.AsksForMark
            ? await gateway.ReadMarkedAsync(request.Key, allowReplicas, request.MaxStaleness is not null, cancellationToken).ConfigureAwait(false)
            : await gateway.ReadAsync(request.Key, allowReplicas, cancellationToken).ConfigureAwait(false);
        if (!answer.TryGetValue(out var found))
        {
            if (answer.Error is RedisServerException { Kind: RedisErrorKind.WrongType })
            {
                // Not a string, so not ours: as good as bytes that cannot be read, and the store writes over it.
                return await MissAsync(request, ReadOnlyMemory<byte>.Empty, MissCause.Undecodable, beganAt, cancellationToken)
                    .ConfigureAwait(false);
            }

            // One time-out is enough: Redis is not asked for a lease as well.
            var result = gateway.IsRecovering(request.Key) ? ReadResult.Recovering : ReadResult.RedisUnavailable;
            return await LoadAsync(request, seen: null, result, beganAt, cancellationToken).ConfigureAwait(false);
        }

        if (gateway.Recoveries != recoveries && request.MaxStaleness is null)
        {
            // What the probe found, say: nobody knows yet how old it is.
            return await LoadAsync(request, seen: null, ReadResult.Recovering, beganAt, cancellationToken).ConfigureAwait(false);
        }

        if (found.Value.IsNull)
        {
            return await MissAsync(request, ReadOnlyMemory<byte>.Empty, cause: null, beganAt, cancellationToken).ConfigureAwait(false);
        }

        ReadOnlyMemory<byte> entry = found.Value;
        if (!entries.TryRead(request, entry, out var header, out T value, out var readAt, out var cause)
            || (cause = marks.CauseToRefuse(request, header, entry, found)) is not null)
        {
            return await MissAsync(request, EntryReader.Identity(entry), cause, beganAt, cancellationToken).ConfigureAwait(false);
        }

        metrics.Hit(request.Settings.Policy, header.LoadTime, beganAt, readAt.Timestamp);
        if (known.IsUsed && !known.HasRead(request.Key, header.CreatedAt))
        {
            known.Hit(request.Key, request.Settings.Policy, header, gateway.Generation, readAt.Now);
        }

        request.Observed?.Span?.SetTag(TagNames.Outcome, ReadResult.Hit.Name());
        if (loader.IsLoading)
        {
            loader.NoteInput(LoadStamp.OfEntry(header.ReadStamp(entry.Span)));
        }

        RefreshIfDue(request, header, entry, readAt.Now);
        VerifyIfDue(request, entry);
        return value;
    }

    private void VerifyIfDue<TState, T>(in LoadRequest<TState, T> request, ReadOnlyMemory<byte> entry)
    {
        if (default(TState) is not ICallerBound && verifier is not null && verifier.IsDue)
        {
            verifier.VerifyBehind(request, entry);
        }
    }

    /// <summary>Loads what the cache does not have, and counts why: once, whatever becomes of the load.</summary>
    /// <param name="request">What to load.</param>
    /// <param name="seen">The identity of the entry that is of no use; empty if there was none.</param>
    /// <param name="cause">Why it is of no use. Null if there was none: then it is known once the lease has been asked for.</param>
    /// <param name="beganAt">When the read began, where it is measured.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    private async ValueTask<T> MissAsync<TState, T>(
        LoadRequest<TState, T> request, ReadOnlyMemory<byte> seen, string? cause, long beganAt, CancellationToken cancellationToken)
    {
        request.Settings.Policy.Usage.Miss();
        if (request.Observed is not null)
        {
            // Its span tells the cause as well.
            known.Begin();
        }
        else if (!metrics.AsksForCauses)
        {
            return await LoadAsync(request, seen, ReadResult.Miss, beganAt, cancellationToken).ConfigureAwait(false);
        }

        // What is remembered of the key is looked up before the load is stored over it.
        var (before, generation, readAt) = (known.Find(request.Key), gateway.Generation, known.Now);
        var observed = request.Observed ?? new ReadObservation(span: null);
        try
        {
            return await LoadAsync(request with { Observed = observed }, seen, ReadResult.Miss, beganAt, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            cause ??= KnownEntries.CauseOf(before, readAt, generation, observed.Fences);
            metrics.Missed(request.Settings.Policy, cause);
            observed.Span?.SetTag(TagNames.Cause, cause);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T> LoadAsync<TState, T>(
        LoadRequest<TState, T> request, ReadOnlyMemory<byte>? seen, ReadResult result, long beganAt, CancellationToken cancellationToken)
    {
        var policy = request.Settings.Policy;
        metrics.Read(policy, result);
        request.Observed?.Span?.SetTag(TagNames.Outcome, result.Name());
        try
        {
            if (!request.Settings.AreLoadsTimed)
            {
                var value = await loader.LoadSharedAsync(request, seen, cancellationToken).ConfigureAwait(false);
                metrics.EndRead(policy, result, beganAt, error: null);
                return value;
            }

            var answer = await timedLoads.LoadSharedAsync(request, seen, cancellationToken).ConfigureAwait(false);
            if (answer.IsStale)
            {
                result = ReadResult.Stale;
                request.Observed?.Span?.SetTag(TagNames.Outcome, result.Name());
            }

            metrics.EndRead(policy, result, beganAt, error: null);
            return answer.Value;
        }
        catch (Exception error)
        {
            metrics.EndRead(policy, result, beganAt, error);
            throw;
        }
    }

    private void RefreshIfDue<TState, T>(
        in LoadRequest<TState, T> request, in EntryHeader header, ReadOnlyMemory<byte> entry, long? now)
    {
        // Decided when the method is compiled: a struct's type is known then.
        if (default(TState) is ICallerBound)
        {
            return;
        }

        if (request.Settings.Beta > 0 && now is { } time && EarlyExpiration.ShouldRefresh(
                time,
                header.ExpiresAt,
                header.LoadTime.TotalMilliseconds,
                request.Settings.Beta,
                EarlyExpiration.NextUniform()))
        {
            refresher.RefreshBehind(
                request, EntryReader.Identity(entry).ToArray(), TimeSpan.FromMilliseconds(Math.Max(0, time - header.CreatedAt)));
        }
    }
}
