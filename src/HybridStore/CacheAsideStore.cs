using System.Diagnostics;
using HybridStore.Diagnostics;
using HybridStore.Explaining;
using HybridStore.Invalidating;
using HybridStore.Keys;
using HybridStore.Policies;
using HybridStore.Reading;
using HybridStore.Serialization;
using HybridStore.Writing;
using Npgsql;

namespace HybridStore;

/// <summary>The store: checks what it is given, and hands it to reader, writer and invalidator.</summary>
internal sealed class CacheAsideStore(
    EntryPolicies policies,
    SerializerRegistry serializers,
    CacheAsideReader? reader,
    EntryLoader loader,
    TimedLoads timedLoads,
    IEntryExplainer? explainer,
    TransactionalWriter writer,
    ForeignInvalidations invalidations,
    StoreMetrics metrics,
    bool hasJournal,
    ReadOptions readOptions) : IHybridStore
{
    // PostgreSQL keeps those below for itself.
    private const ulong FirstTransactionId = 3;

    public ValueTask<T> GetAsync<TState, T>(
        string key,
        TState state,
        Func<TState, LoadContext, CancellationToken, ValueTask<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(key);
        ArgumentNullException.ThrowIfNull(load);
        var settings = policies.Resolve(options);
        var request = new LoadRequest<TState, T>(
            key, state, load, settings, readOptions.AtLeast.TransactionId, readOptions.AtLeast.IsJournaled && hasJournal, Bound());
        var isCached = !readOptions.SkipCache && !settings.DoNotCache;
        if (isCached)
        {
            // Refuses types that do not survive a round trip: at the first use and not at the first hit, and also where there is no
            // Redis, so that tests without it find them.
            serializers.For<T>();
        }

        return StoreTracing.IsListenedTo && StoreTracing.CreateRead(settings.Policy) is { } span
            ? TraceAsync(span, isCached, request with { Observed = new ReadObservation(span) }, cancellationToken)
            : ReadAsync(isCached, request, cancellationToken);
    }

    public Task<WriteReceipt> WriteAsync(
        Func<WriteContext, CancellationToken, Task> write,
        WriteOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        return writer.WriteAsync(write, options ?? WriteOptions.Default, cancellationToken);
    }

    public WriteContext Enlist(NpgsqlTransaction transaction, WriteOptions? options = null) =>
        writer.Enlist(transaction, options ?? WriteOptions.Default);

    public Task<InvalidationReceipt> InvalidateAsync(Invalidation what, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(what);
        ArgumentNullException.ThrowIfNull(what.Keys, nameof(what) + "." + nameof(what.Keys));
        ArgumentNullException.ThrowIfNull(what.Tags, nameof(what) + "." + nameof(what.Tags));
        for (var i = 0; i < what.Keys.Count; i++)
        {
            KeyRules.ThrowIfInvalidKeyAt(i, what.Keys[i], "what.Keys");
        }

        for (var i = 0; i < what.Tags.Count; i++)
        {
            KeyRules.ThrowIfInvalidTagAt(i, what.Tags[i], "what.Tags");
        }

        if (what.TransactionId < FirstTransactionId)
        {
            throw new ArgumentOutOfRangeException(
                nameof(what) + "." + nameof(what.TransactionId),
                $"A transaction's id is at least {FirstTransactionId}: take it from pg_current_xact_id() in the transaction, or leave it unset.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        return invalidations.InvalidateAsync(what).WaitAsync(cancellationToken);
    }

    public Task<InvalidationReceipt> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return invalidations.FlushAsync().WaitAsync(cancellationToken);
    }

    public Task<EntryExplanation> ExplainAsync(string key, CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(key);
        cancellationToken.ThrowIfCancellationRequested();
        return explainer is null
            ? Task.FromResult(EntryExplainer.PassThrough(key))
            : explainer.ExplainAsync(key, policies.Resolve(null), readOptions.SkipCache, cancellationToken);
    }

    public IHybridStore With(ReadOptions readOptions)
    {
        ArgumentNullException.ThrowIfNull(readOptions);
        if (readOptions.MaxStaleness is not null && reader is not null && !hasJournal)
        {
            throw new InvalidOperationException(
                "MaxStaleness needs the journal, which tells how old an entry can be: watch the tables that entries are made of (Watch), or set Journal.Enabled.");
        }

        return new CacheAsideStore(
            policies, serializers, reader, loader, timedLoads, explainer, writer, invalidations, metrics, hasJournal, readOptions);
    }

    private ValueTask<T> ReadAsync<TState, T>(bool isCached, in LoadRequest<TState, T> request, CancellationToken cancellationToken)
    {
        if (isCached && reader is not null)
        {
            return reader.ReadAsync(request, readOptions.AllowReplicas, cancellationToken);
        }

        metrics.Read(request.Settings.Policy, ReadResult.NotCached);
        request.Observed?.Span?.SetTag(TagNames.Outcome, ReadResult.NotCached.Name());
        var beganAt = metrics.BeginRead();
        var loading = timedLoads.LoadAloneAsync(request, reader is not null && reader.IsRedisAway(request.Key), cancellationToken);
        return beganAt == 0 ? loading : MeasureAsync(loading, request.Settings.Policy, beganAt);
    }

    private async ValueTask<T> TraceAsync<TState, T>(
        Activity span, bool isCached, LoadRequest<TState, T> request, CancellationToken cancellationToken)
    {
        // Here, and not in the caller's flow, which goes on without it.
        span.Start();
        try
        {
            var value = await ReadAsync(isCached, request, cancellationToken).ConfigureAwait(false);
            StoreTracing.End(span, error: null);
            return value;
        }
        catch (Exception error)
        {
            StoreTracing.End(span, error);
            throw;
        }
    }

    private async ValueTask<T> MeasureAsync<T>(ValueTask<T> loading, PolicyMeter policy, long beganAt)
    {
        try
        {
            var value = await loading.ConfigureAwait(false);
            metrics.EndRead(policy, ReadResult.NotCached, beganAt, error: null);
            return value;
        }
        catch (Exception error)
        {
            metrics.EndRead(policy, ReadResult.NotCached, beganAt, error);
            throw;
        }
    }

    /// <summary>The caller's bound, or that of the load in which it reads, whichever is smaller.</summary>
    private TimeSpan? Bound()
    {
        var (own, around) = (readOptions.MaxStaleness, hasJournal ? loader.MaxStaleness : null);
        return own is null || around < own ? around : own;
    }
}
