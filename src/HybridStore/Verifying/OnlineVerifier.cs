using HybridStore.Diagnostics;
using HybridStore.Explaining;
using HybridStore.Fencing;
using HybridStore.Reading;
using HybridStore.Redis;
using HybridStore.Resilience.LoadLimiting;
using HybridStore.Serialization;
using HybridStore.Writing;
using Microsoft.Extensions.Logging;

namespace HybridStore.Verifying;

/// <summary>
/// Loads a share of all hits again, behind the caller, and compares. What the protocol proves holds for what it is told of: a query that reads
/// a table for which nobody invalidates is found only so. A difference counts if it outlives the time that an invalidation may take.
/// </summary>
/// <param name="rate">The share: above 0, at most 1.</param>
/// <param name="grace">How long an invalidation may take.</param>
/// <param name="runner">Loads.</param>
/// <param name="limiter">Bounds the loads.</param>
/// <param name="cache">Tells whether the entry is still there.</param>
/// <param name="hasJournal">Whether marks tell what is applied.</param>
/// <param name="codec">Makes values comparable.</param>
/// <param name="invalidator">Tells what is on its way, and removes what differs.</param>
/// <param name="explainer">Tells what is known of it.</param>
/// <param name="metrics">Counts.</param>
/// <param name="timeProvider">Measures.</param>
/// <param name="logger">Logs.</param>
internal sealed class OnlineVerifier(
    double rate,
    TimeSpan grace,
    LoadRunner runner,
    LoadLimiter limiter,
    IEntryCache cache,
    bool hasJournal,
    EntryCodec codec,
    IInvalidator invalidator,
    IEntryExplainer explainer,
    VerifierMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger) : IAsyncDisposable
{
    // Most of them are over in the time of one query; one that finds a difference stays for the grace time.
    private const int MostAtOnce = 4;

    private readonly CancellationTokenSource _stopping = new();
    private int _underWay;

    /// <summary>What it has found.</summary>
    public VerifierMetrics Metrics => metrics;

    /// <summary>Whether this hit is one of the share.</summary>
    public bool IsDue => rate >= 1 || Random.Shared.NextDouble() < rate;

    /// <param name="request">What to load.</param>
    /// <param name="entry">The entry that was served.</param>
    public void VerifyBehind<TState, T>(in LoadRequest<TState, T> request, ReadOnlyMemory<byte> entry)
    {
        if (_stopping.IsCancellationRequested || Interlocked.Increment(ref _underWay) is var underWay && underWay > MostAtOnce)
        {
            Interlocked.Decrement(ref _underWay);
            metrics.Verified(request.Settings.Policy, VerificationResult.Skipped);
            return;
        }

        // Nothing of the caller's context goes along, as with a refresh.
        ThreadPool.UnsafeQueueUserWorkItem(
            static work => _ = work.Verifier.VerifyAsync(work.request, work.entry),
            (Verifier: this, request, entry),
            preferLocal: false);
    }

    /// <summary>Those who wait for the grace time to end give up.</summary>
    public async ValueTask DisposeAsync() => await _stopping.CancelAsync().ConfigureAwait(false);

    private async Task VerifyAsync<TState, T>(LoadRequest<TState, T> request, ReadOnlyMemory<byte> entry)
    {
        try
        {
            var result = await JudgeAsync(request, entry).ConfigureAwait(false);
            metrics.Verified(request.Settings.Policy, result);
            if (result == VerificationResult.Different)
            {
                await TellAsync(request).ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            VerifierLog.Failed(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task<VerificationResult> JudgeAsync<TState, T>(LoadRequest<TState, T> request, ReadOnlyMemory<byte> entry)
    {
        try
        {
            return await CompareAsync(request, entry, _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return VerificationResult.Skipped;
        }
        catch (Exception error)
        {
            VerifierLog.Failed(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
            return VerificationResult.Failed;
        }
    }

    private async Task<VerificationResult> CompareAsync<TState, T>(
        LoadRequest<TState, T> request, ReadOnlyMemory<byte> entry, CancellationToken cancellationToken)
    {
        if (BytesOf(request, entry, out var stampOfEntry) is not { } cached)
        {
            return VerificationResult.Failed;
        }

        if (stampOfEntry is null)
        {
            return VerificationResult.Unstamped;
        }

        var loads = new List<ComparedLoad>();
        while (loads.Count < 2)
        {
            var (load, failure) = await LoadAsync(request, cancellationToken).ConfigureAwait(false);
            if (load is null)
            {
                return failure;
            }

            if (load.IsSame(cached))
            {
                return loads.Count == 0 ? VerificationResult.Same : VerificationResult.Settled;
            }

            loads.Add(load);
        }

        // What differs at once, or without a commit in between, is not the cache's doing.
        if (!loads[1].IsSame(loads[0].Bytes) || loads[0].ContradictsOf(cached, stampOfEntry))
        {
            VerifierLog.Unstable(logger, typeof(T), request.Settings.Policy.Name);
            return VerificationResult.Unstable;
        }

        await Task.Delay(grace, timeProvider, cancellationToken).ConfigureAwait(false);
        if (invalidator.IsPending(request.Key)
            || await IsSettledAsync(request.Key, entry, loads[1].Stamp!, cancellationToken).ConfigureAwait(false))
        {
            return VerificationResult.Settled;
        }

        var (last, unloaded) = await LoadAsync(request, cancellationToken).ConfigureAwait(false);
        return last is null ? unloaded : last.IsSame(cached) ? VerificationResult.Settled : VerificationResult.Different;
    }

    /// <summary>Runs the load as a reader would, and stores nothing.</summary>
    private async Task<(ComparedLoad? Load, VerificationResult Failure)> LoadAsync<TState, T>(
        LoadRequest<TState, T> request, CancellationToken cancellationToken)
    {
        using var permit = limiter.TryEnterBehind();
        if (permit is null)
        {
            return (null, VerificationResult.Skipped);
        }

        var stamp = new LoadStamp(isWanted: true);
        var (value, context, _) = await runner.RunAsync(request, stamp, onStandby: null, cancellationToken).ConfigureAwait(false);
        if (stamp.IsFromTransaction || stamp.Snapshot is not { } snapshot)
        {
            return (null, VerificationResult.Unstamped);
        }

        return Encode(request, value) is { } bytes
            ? (new ComparedLoad(bytes, snapshot), default)
            : (null, VerificationResult.Failed);
    }

    /// <summary>The cached value written anew: bytes that another release wrote may differ where the value does not.</summary>
    private byte[]? BytesOf<TState, T>(in LoadRequest<TState, T> request, ReadOnlyMemory<byte> entry, out SnapshotStamp? stamp)
    {
        stamp = null;
        var outcome = codec.TryDecode<T>(
            entry, request.Settings.SchemaVersion, request.Settings.MaximumPayloadBytes, out var header, out var value, out _);
        if (outcome != DecodeOutcome.Ok)
        {
            return null;
        }

        stamp = header.ReadStamp(entry.Span);
        return Encode(request, value!);
    }

    private byte[]? Encode<TState, T>(in LoadRequest<TState, T> request, T value)
    {
        using var encoded = codec.Encode(
            value, new EntryHeaderFields(0, 0, TimeSpan.Zero, request.Settings.SchemaVersion, null), request.Settings.MaximumPayloadBytes);
        return encoded.Outcome == EncodeOutcome.Encoded ? encoded.Entry.ToArray() : null;
    }

    /// <summary>Whether the entry is gone or replaced, or an invalidation of what the load has seen may still come.</summary>
    private async Task<bool> IsSettledAsync(
        string key, ReadOnlyMemory<byte> entry, SnapshotStamp seen, CancellationToken cancellationToken)
    {
        var answer = hasJournal
            ? await cache.ReadMarkedAsync(key, allowReplicas: false, isBounded: true, cancellationToken).ConfigureAwait(false)
            : await cache.ReadAsync(key, allowReplicas: false, cancellationToken).ConfigureAwait(false);
        if (!answer.TryGetValue(out var found) || found.Value.IsNull)
        {
            // Where Redis does not answer, an invalidation may be waiting elsewhere.
            return true;
        }

        ReadOnlyMemory<byte> there = found.Value;
        if (!EntryReader.Identity(there).Span.SequenceEqual(EntryReader.Identity(entry).Span))
        {
            return true;
        }

        ReadOnlyMemory<byte> bytes = found.Mark;
        return hasJournal
            && !(AppliedMark.TryParse(bytes.Span, out var mark) && mark.Generation == found.Generation && mark.Covers(seen));
    }

    private async Task TellAsync<TState, T>(LoadRequest<TState, T> request)
    {
        VerifierLog.Different(logger, typeof(T), request.Settings.Policy.Name, grace);
        try
        {
            if (logger.IsEnabled(LogLevel.Debug))
            {
                VerifierLog.Explained(
                    logger,
                    await explainer.ExplainAsync(request.Key, request.Settings, skipCache: false, _stopping.Token).ConfigureAwait(false));
            }
        }
        finally
        {
            // Nobody else will remove it before it expires.
            await invalidator.InvalidateAsync(new Invalidation { Keys = [request.Key] }, fence: null).ConfigureAwait(false);
        }
    }
}
