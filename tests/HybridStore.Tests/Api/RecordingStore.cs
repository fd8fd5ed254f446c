using HybridStore.Tests.Writing;
using Npgsql;

namespace HybridStore.Tests.Api;

/// <summary>What a user's own double of the interface may look like: it notes what reaches it, and runs writes in a transaction that
/// goes nowhere.</summary>
internal sealed class RecordingStore(TransactionStub? transaction = null) : IHybridStore
{
    public string? Key { get; private set; }

    public Type? Type { get; private set; }

    public EntryOptions? Options { get; private set; }

    public WriteOptions? WriteOptions { get; private set; }

    public WriteContext? Written { get; private set; }

    public Invalidation? Invalidated { get; private set; }

    public CancellationToken Token { get; private set; }

    public ValueTask<T> GetAsync<TState, T>(
        string key,
        TState state,
        Func<TState, LoadContext, CancellationToken, ValueTask<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        (Key, Type, Options, Token) = (key, typeof(T), options, cancellationToken);
        return default;
    }

    /// <summary>Reads nothing: what is asked for is loaded each time.</summary>
    public async ValueTask<IReadOnlyList<T?>> GetManyAsync<TState, TId, T>(
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        (Type, Options, Token) = (typeof(T), options, cancellationToken);
        TId[] asked = [.. ids];
        Key = string.Join(' ', asked.Select(key));
        var rows = new Dictionary<TId, T>(
            await load(state, asked, new BatchLoadContext<TId>(new NpgsqlConnection(), asked), cancellationToken));
        return [.. asked.Select(id => rows.GetValueOrDefault(id))];
    }

    public ValueTask<CachedValue<T>> TryGetAsync<T>(string key, EntryOptions? options = null, CancellationToken cancellationToken = default)
    {
        (Key, Type, Options, Token) = (key, typeof(T), options, cancellationToken);
        return default;
    }

    public async Task<WarmProgress> WarmAsync<TState, TId, T>(
        IAsyncEnumerable<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        WarmOptions? options = null,
        IProgress<WarmProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        var asked = await ids.ToListAsync(cancellationToken);
        await GetManyAsync(asked, key, state, load, options?.Entries, cancellationToken);
        return new WarmProgress { Seen = asked.Count };
    }

    public async Task<WriteReceipt> WriteAsync(
        Func<WriteContext, CancellationToken, Task> write,
        WriteOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        (WriteOptions, Token) = (options, cancellationToken);
        Written = new WriteContext(transaction!.Transaction);
        await write(Written, cancellationToken);
        return new WriteReceipt(7, InvalidationReceipt.AlreadyApplied, isStrict: false, isDurable: false);
    }

    public WriteContext Enlist(NpgsqlTransaction transaction, WriteOptions? options = null)
    {
        WriteOptions = options;
        return new WriteContext(transaction);
    }

    public Task<InvalidationReceipt> InvalidateAsync(Invalidation what, CancellationToken cancellationToken = default)
    {
        (Invalidated, Token) = (what, cancellationToken);
        return Task.FromResult(InvalidationReceipt.AlreadyApplied);
    }

    public Task<InvalidationReceipt> FlushAsync(CancellationToken cancellationToken = default)
    {
        Token = cancellationToken;
        return Task.FromResult(InvalidationReceipt.AlreadyApplied);
    }

    public Task<EntryExplanation> ExplainAsync(string key, CancellationToken cancellationToken = default)
    {
        (Key, Token) = (key, cancellationToken);
        return Task.FromResult(new EntryExplanation { Key = key, Verdict = EntryVerdict.Absent, Reason = "Nothing is kept here." });
    }

    public IHybridStore With(ReadOptions readOptions) => this;
}
