using HybridStore.Diagnostics;
using HybridStore.Redis;
using HybridStore.Writing;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>
/// What Redis keeps past its expiry for callers whose load fails or takes too long (<see cref="EntryOptions.StaleOnError"/>). Redis is asked
/// at that moment, whatever the read has found before: an invalidation meanwhile has removed the entry. So an invalidated value is never
/// served, and the deadline is that of the entry: nothing here writes.
/// </summary>
internal sealed class StaleEntries(
    IEntryCache gateway,
    EntryReader entries,
    LoadRunner runner,
    IInvalidator invalidations,
    IAppliedMarks marks,
    StoreMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger)
{
    // A database that is down for an hour is told of often enough.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private long _served;
    private long _loggedAt;

    /// <summary>Whether there can be anything for this caller. What a load reads goes into its own entry, which would outlive the
    /// deadline.</summary>
    public bool MayServe<TState, T>(in LoadRequest<TState, T> request) => request.Settings.StaleOnError is not null && !runner.IsLoading;

    /// <summary>The entry, if this caller may have it; null otherwise.</summary>
    /// <param name="request">What is read.</param>
    /// <param name="reason">Why.</param>
    /// <param name="error">What the load has failed with, if it has.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<ReadAnswer<T>?> TryServeAsync<TState, T>(
        LoadRequest<TState, T> request, StaleReason reason, Exception? error, CancellationToken cancellationToken)
    {
        if (!MayServe(request) || invalidations.IsPending(request.Key))
        {
            return null;
        }

        // From a master always: a replica may not have heard of the invalidation yet.
        var recoveries = gateway.Recoveries;
        var answer = await gateway.ReadAsync(request, allowReplicas: false, cancellationToken).ConfigureAwait(false);
        if (!answer.TryGetValue(out var found)
            || found.Value.IsNull
            || (gateway.Recoveries != recoveries && request.MaxStaleness is null))
        {
            return null;
        }

        ReadOnlyMemory<byte> entry = found.Value;
        if (!entries.TryReadStale(request, entry, out var header, out T value, out var isStale)
            || marks.CauseToRefuse(request, header, entry, found) is not null)
        {
            return null;
        }

        if (isStale)
        {
            Tell(request.Settings.Policy, reason, error);
        }
        else
        {
            // Another process has had more luck meanwhile.
            metrics.Coalesced(request.Settings.Policy, inProcess: false);
        }

        if (error is not null)
        {
            // The caller will not hear of it.
            FailureLog.InFull(logger, error);
        }

        return new ReadAnswer<T>(value, isStale);
    }

    private void Tell(PolicyMeter policy, StaleReason reason, Exception? error)
    {
        metrics.ServedStale(policy, reason);
        var served = Interlocked.Increment(ref _served);
        var (now, loggedAt) = (timeProvider.GetTimestamp(), Interlocked.Read(ref _loggedAt));
        if ((served == 1 || timeProvider.GetElapsedTime(loggedAt, now) >= Silence)
            && Interlocked.CompareExchange(ref _loggedAt, now, loggedAt) == loggedAt)
        {
            StaleLog.Served(logger, served, error is null ? "its load is slow" : $"its load failed ({FailureLog.KindOf(error)})");
        }
    }
}
