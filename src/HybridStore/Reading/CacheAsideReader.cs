using System.Runtime.CompilerServices;
using System.Transactions;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Resilience;
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
    LoadRunner runner,
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
        var answer = await gateway.ReadAsync(request, allowReplicas, cancellationToken).ConfigureAwait(false);
        if (!TryTake(request, answer, recoveries, out var entry, out var header, out T value, out var readAt, out var refusal))
        {
            return refusal.Result == ReadResult.Miss
                ? await MissAsync(request, refusal.Seen!.Value, refusal.Cause, beganAt, cancellationToken).ConfigureAwait(false)
                : await LoadAsync(request, seen: null, refusal.Result, beganAt, cancellationToken).ConfigureAwait(false);
        }

        var refresh = RefreshDue(request, header, readAt.Now);
        Serve(request, header, readAt, refresh == RefreshMode.Inline ? 0 : beganAt);
        if (refresh == RefreshMode.Inline)
        {
            return await RefreshAsync(request, header, entry, value, readAt.Now!.Value, beganAt, cancellationToken).ConfigureAwait(false);
        }

        NoteInput(header, entry);
        GoOnBehind(request, header, entry, readAt.Now, refresh);
        return value;
    }

    /// <summary>The value if the cache has it. Nothing is loaded.</summary>
    public async ValueTask<CachedValue<T>> TryReadAsync<T>(
        LoadRequest<NoLoad, T> request, bool allowReplicas, CancellationToken cancellationToken)
    {
        var beganAt = metrics.BeginRead();
        var policy = request.Settings.Policy;
        var refusal = new Refusal(ReadResult.InvalidationPending);
        if (!invalidations.IsPending(request.Key))
        {
            if (request.MaxStaleness is not null)
            {
                await marks.PrepareAsync(cancellationToken).ConfigureAwait(false);
            }

            var recoveries = gateway.Recoveries;
            var answer = await gateway.ReadAsync(request, allowReplicas, cancellationToken).ConfigureAwait(false);
            if (TryTake(request, answer, recoveries, out var entry, out var header, out T value, out var readAt, out refusal))
            {
                Serve(request, header, readAt, beganAt);
                NoteInput(header, entry);
                return new CachedValue<T>(value);
            }
        }

        metrics.Read(policy, refusal.Result);
        request.Observed?.Span?.SetTag(TagNames.Outcome, refusal.Result.Name());
        if (refusal.Result == ReadResult.Miss)
        {
            policy.Usage.Miss();
            if (metrics.AsksForCauses)
            {
                metrics.Missed(
                    policy, refusal.Cause ?? KnownEntries.CauseOf(known.Find(request.Key), known.Now, gateway.Generation, fences: 0));
            }
        }

        metrics.EndRead(policy, refusal.Result, beganAt, error: null);
        return default;
    }

    /// <summary>Takes the value of what was read, if this caller may have it.</summary>
    /// <param name="request">What is read.</param>
    /// <param name="answer">What Redis has answered.</param>
    /// <param name="recoveries">How often it had come back from an outage before it was asked.</param>
    /// <param name="entry">The entry's bytes.</param>
    /// <param name="header">Its header.</param>
    /// <param name="value">The value.</param>
    /// <param name="readAt">When the value was there.</param>
    /// <param name="refusal">Why it may not be served.</param>
    public bool TryTake<TState, T>(
        in LoadRequest<TState, T> request,
        in RedisCallResult<FoundEntry> answer,
        int recoveries,
        out ReadOnlyMemory<byte> entry,
        out EntryHeader header,
        out T value,
        out ReadMoment readAt,
        out Refusal refusal)
    {
        (entry, header, value, readAt, refusal) = (default, default, default!, default, default);
        if (!answer.TryGetValue(out var found))
        {
            // Not a string, so not ours: as good as bytes that cannot be read, and the store writes over it. Otherwise one time-out is enough:
            // Redis is not asked for a lease as well.
            refusal = answer.Error is RedisServerException { Kind: RedisErrorKind.WrongType }
                ? new Refusal(ReadResult.Miss, ReadOnlyMemory<byte>.Empty, MissCause.Undecodable)
                : new Refusal(gateway.IsRecovering(request.Key) ? ReadResult.Recovering : ReadResult.RedisUnavailable);
            return false;
        }

        if (gateway.Recoveries != recoveries && request.MaxStaleness is null)
        {
            // What the probe found, say: nobody knows yet how old it is.
            refusal = new Refusal(ReadResult.Recovering);
            return false;
        }

        if (found.Value.IsNull)
        {
            refusal = new Refusal(ReadResult.Miss, ReadOnlyMemory<byte>.Empty);
            return false;
        }

        entry = found.Value;
        if (entries.TryRead(request, entry, out header, out value, out readAt, out var cause)
            && (cause = marks.CauseToRefuse(request, header, entry, found)) is null)
        {
            return true;
        }

        refusal = new Refusal(ReadResult.Miss, EntryReader.Identity(entry), cause);
        return false;
    }

    /// <summary>A value from the cache is served.</summary>
    public void Serve<TState, T>(in LoadRequest<TState, T> request, in EntryHeader header, ReadMoment readAt, long beganAt)
    {
        metrics.Hit(request.Settings.Policy, header.LoadTime, beganAt, readAt.Timestamp);
        if (known.IsUsed && !known.HasRead(request.Key, header.CreatedAt))
        {
            known.Hit(request.Key, request.Settings.Policy, header, gateway.Generation, readAt.Now);
        }

        request.Observed?.Span?.SetTag(TagNames.Outcome, ReadResult.Hit.Name());
    }

    /// <summary>A load in which the caller runs builds on the entry.</summary>
    public void NoteInput(in EntryHeader header, ReadOnlyMemory<byte> entry)
    {
        if (runner.IsLoading)
        {
            runner.NoteInput(LoadStamp.OfEntry(header.ReadStamp(entry.Span)));
        }
    }

    /// <summary>What is done behind a caller who has the value and waits for nothing.</summary>
    public void GoOnBehind<TState, T>(in LoadRequest<TState, T> request, in EntryHeader header, ReadOnlyMemory<byte> entry, long? now) =>
        GoOnBehind(
            request, header, entry, now, request.Settings.RefreshMode == RefreshMode.Background ? RefreshDue(request, header, now) : null);

    private void GoOnBehind<TState, T>(
        in LoadRequest<TState, T> request, in EntryHeader header, ReadOnlyMemory<byte> entry, long? now, RefreshMode? refresh)
    {
        if (refresh is not null)
        {
            refresher.RefreshBehind(request, EntryReader.Identity(entry).ToArray(), AgeOf(header, now!.Value));
        }

        VerifyIfDue(request, entry);
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

    /// <summary>How the entry is to be refreshed; null if it is not.</summary>
    private static RefreshMode? RefreshDue<TState, T>(in LoadRequest<TState, T> request, in EntryHeader header, long? now)
    {
        // Decided when the method is compiled: a struct's type is known then.
        if (default(TState) is ICallerBound && request.Settings.RefreshMode != RefreshMode.Inline)
        {
            return null;
        }

        if (!(request.Settings.Beta > 0 && now is { } time && EarlyExpiration.ShouldRefresh(
                time,
                header.ExpiresAt,
                header.LoadTime.TotalMilliseconds,
                request.Settings.Beta,
                EarlyExpiration.NextUniform())))
        {
            return null;
        }

        // What an ambient transaction sees is not for others, and so not worth the caller's time.
        return request.Settings.RefreshMode == RefreshMode.Background ? RefreshMode.Background
            : Transaction.Current is null ? RefreshMode.Inline
            : null;
    }

    private static TimeSpan AgeOf(in EntryHeader header, long now) => TimeSpan.FromMilliseconds(Math.Max(0, now - header.CreatedAt));

    /// <summary>Loads the value again while its reader waits, who gets what is loaded, or the current value where that is not to be.</summary>
    private async ValueTask<T> RefreshAsync<TState, T>(
        LoadRequest<TState, T> request,
        EntryHeader header,
        ReadOnlyMemory<byte> entry,
        T current,
        long now,
        long beganAt,
        CancellationToken cancellationToken)
    {
        var policy = request.Settings.Policy;
        try
        {
            var seen = EntryReader.Identity(entry).ToArray();
            var refreshed = await refresher.RefreshAsync(request, seen, AgeOf(header, now), cancellationToken).ConfigureAwait(false);
            metrics.EndRead(policy, ReadResult.Hit, beganAt, error: null);
            if (runner.IsLoading)
            {
                runner.NoteInput(refreshed?.Stamp ?? LoadStamp.OfEntry(header.ReadStamp(entry.Span)));
            }

            return refreshed is { } loaded ? loaded.Value : current;
        }
        catch (Exception error)
        {
            metrics.EndRead(policy, ReadResult.Hit, beganAt, error);
            throw;
        }
    }
}
