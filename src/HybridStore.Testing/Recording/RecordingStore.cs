using Npgsql;

namespace HybridStore.Testing.Recording;

/// <summary>A store, or a view of it, whose reads are recorded.</summary>
internal sealed class RecordingStore(IHybridStore inner, StoreRecords records, bool hasMemo = false) : IHybridStore
{
    public ValueTask<T> GetAsync<TState, T>(
        string key,
        TState state,
        Func<TState, LoadContext, CancellationToken, ValueTask<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        records.Reading(
            [key],
            typeof(T),
            (inner, key, state, load, options, cancellationToken),
            static call => call.inner.GetAsync(call.key, call.state, call.load, call.options, call.cancellationToken));

    public ValueTask<IReadOnlyList<T?>> GetManyAsync<TState, TId, T>(
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
        where TId : notnull =>
        records.Reading(
            // Which keys a view that remembers still reads is not known here.
            hasMemo || ids is null || key is null ? [] : ids.Where(id => id is not null).Select(key).Distinct(StringComparer.Ordinal),
            typeof(T),
            (inner, ids, key, state, load, options, cancellationToken),
            static call => call.inner.GetManyAsync(call.ids!, call.key!, call.state, call.load, call.options, call.cancellationToken));

    public ValueTask<CachedValue<T>> TryGetAsync<T>(string key, EntryOptions? options = null, CancellationToken cancellationToken = default) =>
        records.Reading(
            [key],
            typeof(T),
            (inner, key, options, cancellationToken),
            static call => call.inner.TryGetAsync<T>(call.key, call.options, call.cancellationToken));

    public Task<WarmProgress> WarmAsync<TState, TId, T>(
        IAsyncEnumerable<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        WarmOptions? options = null,
        IProgress<WarmProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where TId : notnull =>
        inner.WarmAsync(ids, key, state, load, options, progress, cancellationToken);

    public Task<WriteReceipt> WriteAsync(
        Func<WriteContext, CancellationToken, Task> write, WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(write, options, cancellationToken);

    public WriteContext Enlist(NpgsqlTransaction transaction, WriteOptions? options = null) => inner.Enlist(transaction, options);

    public Task<InvalidationReceipt> InvalidateAsync(Invalidation what, CancellationToken cancellationToken = default) =>
        inner.InvalidateAsync(what, cancellationToken);

    public Task<InvalidationReceipt> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public Task<EntryExplanation> ExplainAsync(string key, CancellationToken cancellationToken = default) =>
        inner.ExplainAsync(key, cancellationToken);

    public IHybridStore With(ReadOptions readOptions) => new RecordingStore(inner.With(readOptions), records, readOptions is { Memo: true });
}
