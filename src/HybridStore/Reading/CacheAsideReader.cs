using System.Runtime.CompilerServices;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Serialization;
using HybridStore.Verifying;
using HybridStore.Writing;
using StackExchange.Redis;

namespace HybridStore.Reading;

/// <summary>Cache-aside: the entry if Redis has it, else one load for all who ask, whose value is stored behind them.</summary>
internal sealed class CacheAsideReader(
    IEntryCache gateway,
    EntryReader entries,
    EntryLoader loader,
    EntryRefresher refresher,
    IInvalidator invalidations,
    StoreMetrics metrics,
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
        if (gate is not null)
        {
            await gate.PassAsync(ProtocolStep.ReadEntry).ConfigureAwait(false);
        }

        if (invalidations.IsPending(request.Key))
        {
            metrics.Read("invalidation_pending");
            return await loader.LoadSharedAsync(request, seen: null, cancellationToken).ConfigureAwait(false);
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
                metrics.Miss(DecodeOutcome.Undecodable);
                return await loader.LoadSharedAsync(request, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            }

            // One time-out is enough: Redis is not asked for a lease as well.
            metrics.Read(gateway.IsRecovering(request.Key) ? "recovering" : "redis_unavailable");
            return await loader.LoadSharedAsync(request, seen: null, cancellationToken).ConfigureAwait(false);
        }

        if (gateway.Recoveries != recoveries && request.MaxStaleness is null)
        {
            // What the probe found, say: nobody knows yet how old it is.
            metrics.Read("recovering");
            return await loader.LoadSharedAsync(request, seen: null, cancellationToken).ConfigureAwait(false);
        }

        if (found.Value.IsNull)
        {
            metrics.Miss("absent");
            return await loader.LoadSharedAsync(request, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        }

        ReadOnlyMemory<byte> entry = found.Value;
        var now = entries.Now;
        if (!entries.TryRead(request, entry, now, out var header, out T value))
        {
            return await loader.LoadSharedAsync(request, EntryReader.Identity(entry), cancellationToken).ConfigureAwait(false);
        }

        if (CauseToRefuse(request, header, entry, found) is { } cause)
        {
            metrics.Miss(cause);
            return await loader.LoadSharedAsync(request, EntryReader.Identity(entry), cancellationToken).ConfigureAwait(false);
        }

        metrics.Hit();
        if (loader.IsLoading)
        {
            loader.NoteInput(LoadStamp.OfEntry(header.ReadStamp(entry.Span)));
        }

        RefreshIfDue(request, header, entry, now);
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

    /// <summary>Why the entry is not what this caller asks for; null if it is.</summary>
    private string? CauseToRefuse<TState, T>(
        in LoadRequest<TState, T> request, in EntryHeader header, ReadOnlyMemory<byte> entry, in FoundEntry found)
    {
        if (request.AtLeast is { } write
            && !request.IsReflectedBy(header.ReadStamp(entry.Span))
            && !(request.IsJournaled && marks.HaveApplied(found, write)))
        {
            return "older_than_write";
        }

        return request.MaxStaleness is { } bound && !marks.IsWithin(found, bound) ? "older_than_bound" : null;
    }

    private void RefreshIfDue<TState, T>(
        in LoadRequest<TState, T> request, in EntryHeader header, ReadOnlyMemory<byte> entry, long? now)
    {
        // Decided when the method is compiled: a struct's type is known then.
        if (default(TState) is ICallerBound)
        {
            return;
        }

        if (request.Settings.Beta > 0 && now is { } known && EarlyExpiration.ShouldRefresh(
                known,
                header.ExpiresAt,
                header.LoadTime.TotalMilliseconds,
                request.Settings.Beta,
                EarlyExpiration.NextUniform()))
        {
            refresher.RefreshBehind(request, EntryReader.Identity(entry).ToArray());
        }
    }
}
