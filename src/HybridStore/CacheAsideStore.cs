using System.Diagnostics;
using System.Transactions;
using HybridStore.Diagnostics;
using HybridStore.Explaining;
using HybridStore.Keys;
using HybridStore.Reading;
using HybridStore.Reading.Batches;
using HybridStore.Reading.Memo;
using Npgsql;

namespace HybridStore;

/// <summary>The store: checks what it is given, and hands it to reader, writer and invalidator.</summary>
/// <param name="parts">What it is made of; views share it.</param>
/// <param name="readOptions">What reads accept.</param>
internal sealed class CacheAsideStore(StoreParts parts, ReadOptions readOptions) : IHybridStore
{
    // PostgreSQL keeps those below for itself.
    private const ulong FirstTransactionId = 3;

    private readonly ReadMemo? _memo = readOptions.Memo ? new ReadMemo(parts.Versions) : null;

    public ValueTask<T> GetAsync<TState, T>(
        string key,
        TState state,
        Func<TState, LoadContext, CancellationToken, ValueTask<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(key);
        ArgumentNullException.ThrowIfNull(load);
        var settings = parts.Policies.Resolve(options);
        var request = new LoadRequest<TState, T>(
            key, state, load, settings, readOptions.AtLeast.TransactionId, readOptions.AtLeast.IsJournaled && parts.HasJournal, Bound());
        var isCached = !readOptions.SkipCache && !settings.DoNotCache;
        if (isCached)
        {
            // Refuses types that do not survive a round trip: at the first use and not at the first hit, and also where there is no
            // Redis, so that tests without it find them.
            parts.Serializers.For<T>();
        }

        return isCached && Memo is { } memo
            ? memo.ReadAsync(
                key,
                (This: this, request, cancellationToken),
                static call => call.This.ReadOrTraceAsync(isCached: true, call.request, call.cancellationToken),
                cancellationToken)
            : ReadOrTraceAsync(isCached, request, cancellationToken);
    }

    public ValueTask<IReadOnlyList<T?>> GetManyAsync<TState, TId, T>(
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(load);
        var settings = parts.Policies.Resolve(options);
        var batch = new Batch<TState, TId, T>(
            ids, key, state, load, settings, readOptions.AtLeast.TransactionId, readOptions.AtLeast.IsJournaled && parts.HasJournal, Bound());
        var isCached = !readOptions.SkipCache && !settings.DoNotCache;
        if (isCached)
        {
            parts.Serializers.For<T>();
        }

        return isCached && Memo is { } memo
            ? new RememberedBatch<TState, TId, T>(memo, batch).ReadAsync(
                rest => ReadAsync(isCached: true, rest, cancellationToken))
            : ReadAsync(isCached, batch, cancellationToken);
    }

    public ValueTask<CachedValue<T>> TryGetAsync<T>(
        string key, EntryOptions? options = null, CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(key);
        var settings = parts.Policies.Resolve(options);
        parts.Serializers.For<T>();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<CachedValue<T>>(cancellationToken);
        }

        if (parts.Reader is null || readOptions.SkipCache || settings.DoNotCache)
        {
            return default;
        }

        return Memo is { } memo && memo.TryGet(key, out T remembered)
            ? new ValueTask<CachedValue<T>>(new CachedValue<T>(remembered))
            : parts.Reader.TryReadAsync(
                new LoadRequest<NoLoad, T>(
                    key,
                    default,
                    NoLoad.LoadAsync<T>,
                    settings,
                    readOptions.AtLeast.TransactionId,
                    readOptions.AtLeast.IsJournaled && parts.HasJournal,
                    Bound()),
                readOptions.AllowReplicas,
                cancellationToken);
    }

    public Task<WarmProgress> WarmAsync<TState, TId, T>(
        IAsyncEnumerable<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        WarmOptions? options = null,
        IProgress<WarmProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(load);
        options ??= new WarmOptions();
        var settings = parts.Policies.Resolve(options.Entries);
        if (settings.DoNotCache)
        {
            throw new ArgumentException("By these options nothing is cached: warm up with the options that the values are read with.", nameof(options));
        }

        parts.Serializers.For<T>();
        cancellationToken.ThrowIfCancellationRequested();
        return parts.Warmer is null
            ? Task.FromResult(new WarmProgress())
            : parts.Warmer.WarmAsync(
                ids,
                some => new Batch<TState, TId, T>(some, key, state, load, settings, atLeast: null, isJournaled: false, maxStaleness: null),
                options,
                progress,
                cancellationToken);
    }

    public Task<WriteReceipt> WriteAsync(
        Func<WriteContext, CancellationToken, Task> write,
        WriteOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        return parts.Writer.WriteAsync(write, options ?? WriteOptions.Default, cancellationToken);
    }

    public WriteContext Enlist(NpgsqlTransaction transaction, WriteOptions? options = null) =>
        parts.Writer.Enlist(transaction, options ?? WriteOptions.Default);

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
        return parts.Invalidations.InvalidateAsync(what).WaitAsync(cancellationToken);
    }

    public Task<InvalidationReceipt> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return parts.Invalidations.FlushAsync().WaitAsync(cancellationToken);
    }

    public Task<EntryExplanation> ExplainAsync(string key, CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(key);
        cancellationToken.ThrowIfCancellationRequested();
        return parts.Explainer is null
            ? Task.FromResult(EntryExplainer.PassThrough(key))
            : parts.Explainer.ExplainAsync(key, parts.Policies.Resolve(null), readOptions.SkipCache, cancellationToken);
    }

    public IHybridStore With(ReadOptions readOptions)
    {
        ArgumentNullException.ThrowIfNull(readOptions);
        if (readOptions.MaxStaleness is not null && parts.Reader is not null && !parts.HasJournal)
        {
            throw new InvalidOperationException(
                "MaxStaleness needs the journal, which tells how old an entry can be: watch the tables that entries are made of (Watch), or set Journal.Enabled.");
        }

        if (readOptions is { MaxStaleness: not null, Memo: true })
        {
            throw new ArgumentException(
                "Memo keeps values for as long as the view lives, and MaxStaleness bounds their age: set one of them.", nameof(readOptions));
        }

        return new CacheAsideStore(parts, readOptions);
    }

    /// <summary>Null where nothing is remembered: a load takes over the stamps of what it reads, and a transaction may roll back what it
    /// sees.</summary>
    private ReadMemo? Memo => _memo is not null && parts.Reader is not null && !parts.Runner.IsLoading && Transaction.Current is null ? _memo : null;

    private ValueTask<T> ReadOrTraceAsync<TState, T>(bool isCached, in LoadRequest<TState, T> request, CancellationToken cancellationToken) =>
        StoreTracing.IsListenedTo && StoreTracing.CreateRead(request.Settings.Policy) is { } span
            ? TraceAsync(span, isCached, request with { Observed = new ReadObservation(span) }, cancellationToken)
            : ReadAsync(isCached, request, cancellationToken);

    private ValueTask<T> ReadAsync<TState, T>(bool isCached, in LoadRequest<TState, T> request, CancellationToken cancellationToken)
    {
        if (isCached && parts.Reader is not null)
        {
            return parts.Reader.ReadAsync(request, readOptions.AllowReplicas, cancellationToken);
        }

        parts.Metrics.Read(request.Settings.Policy, ReadResult.NotCached);
        request.Observed?.Span?.SetTag(TagNames.Outcome, ReadResult.NotCached.Name());
        var beganAt = parts.Metrics.BeginRead();
        var loading = parts.TimedLoads.LoadAloneAsync(request, parts.Reader is not null && parts.Reader.IsRedisAway(request.Key), cancellationToken);
        return beganAt == 0 ? loading : MeasureAsync(loading, request.Settings.Policy, beganAt);
    }

    private async ValueTask<IReadOnlyList<T?>> ReadAsync<TState, TId, T>(
        bool isCached, Batch<TState, TId, T> batch, CancellationToken cancellationToken)
        where TId : notnull
    {
        if (batch.Keys.Count == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return [];
        }

        var span = StoreTracing.IsListenedTo ? StoreTracing.CreateRead(batch.Settings.Policy) : null;
        span?.SetTag(TagNames.Names, batch.Keys.Count).Start();
        try
        {
            if (isCached && parts.BatchReader is not null)
            {
                await parts.BatchReader.ReadAsync(batch, readOptions.AllowReplicas, span, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await LoadAloneAsync(batch, span, cancellationToken).ConfigureAwait(false);
            }

            StoreTracing.End(span, error: null);
            return batch.Values;
        }
        catch (Exception error)
        {
            StoreTracing.End(span, error);
            throw;
        }
    }

    private async Task LoadAloneAsync<TState, TId, T>(Batch<TState, TId, T> batch, Activity? span, CancellationToken cancellationToken)
        where TId : notnull
    {
        span?.SetTag(TagNames.Outcome, ReadResult.NotCached.Name());
        var (policy, beganAt) = (batch.Settings.Policy, parts.Metrics.BeginRead());
        var items = new BatchItem[batch.Keys.Count];
        for (var i = 0; i < items.Length; i++)
        {
            parts.Metrics.Read(policy, ReadResult.NotCached);
            items[i] = new BatchItem(
                i, batch.Keys[i], parts.Reader is not null && parts.Reader.IsRedisAway(batch.Keys[i]) ? null : ReadOnlyMemory<byte>.Empty, Observed: null);
        }

        try
        {
            await parts.BatchLoader.LoadAloneAsync(batch, items, cancellationToken).ConfigureAwait(false);
            parts.Metrics.EndRead(policy, ReadResult.NotCached, beganAt, error: null);
        }
        catch (Exception error)
        {
            parts.Metrics.EndRead(policy, ReadResult.NotCached, beganAt, error);
            throw;
        }
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
            parts.Metrics.EndRead(policy, ReadResult.NotCached, beganAt, error: null);
            return value;
        }
        catch (Exception error)
        {
            parts.Metrics.EndRead(policy, ReadResult.NotCached, beganAt, error);
            throw;
        }
    }

    /// <summary>The caller's bound, or that of the load in which it reads, whichever is smaller.</summary>
    private TimeSpan? Bound()
    {
        var (own, around) = (readOptions.MaxStaleness, parts.HasJournal ? parts.Runner.MaxStaleness : null);
        return own is null || around < own ? around : own;
    }
}
