using HybridStore.Reading;

namespace HybridStore;

/// <summary>Shorter ways to call <see cref="IHybridStore.GetManyAsync"/>, for rows that carry their id. All behave as it does.</summary>
public static class HybridStoreBatchExtensions
{
    /// <summary>Reads many ids through the cache with a load that returns rows.</summary>
    /// <typeparam name="TId">What identifies a row.</typeparam>
    /// <typeparam name="T">The type of a row.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="ids">What to read: any order, duplicates welcome, no null.</param>
    /// <param name="key">The key of an id.</param>
    /// <param name="load">Loads the rows of the ids that it is given, usually with <c>where id = any(@ids)</c>; ids without a row are left
    /// out.</param>
    /// <param name="id">The id of a row.</param>
    /// <param name="options">How the values are stored.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    /// <returns>A row for each id, in the order of <paramref name="ids"/>; the default (<see langword="null"/> for classes and nullable types)
    /// where there is none.</returns>
    /// <exception cref="InvalidOperationException">The load has returned a null (the exception names its position), a row that it was not asked
    /// for, or one twice.</exception>
    /// <inheritdoc cref="IHybridStore.GetManyAsync" path="/exception[not(contains(@cref, 'InvalidOperation'))]"/>
    public static ValueTask<IReadOnlyList<T?>> GetManyAsync<TId, T>(
        this IHybridStore store,
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        Func<IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IReadOnlyList<T>>> load,
        Func<T, TId> id,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(load);
        ArgumentNullException.ThrowIfNull(id);
        return store.GetManyAsync(
            ids,
            key,
            (load, id),
            static async (call, missing, context, token) =>
                (IEnumerable<KeyValuePair<TId, T>>)WithIds(await call.load(missing, context, token).ConfigureAwait(false), call.id),
            options,
            cancellationToken);
    }

    /// <summary>Reads many ids through the cache with a load that brings its own access to PostgreSQL, such as EF Core's
    /// <c>ToListAsync</c>. It never runs behind its caller: the entries are not refreshed early.</summary>
    /// <inheritdoc cref="GetManyAsync{TId, T}(IHybridStore, IReadOnlyCollection{TId}, Func{TId, string}, Func{IReadOnlyList{TId}, BatchLoadContext{TId}, CancellationToken, ValueTask{IReadOnlyList{T}}}, Func{T, TId}, EntryOptions, CancellationToken)"/>
    public static ValueTask<IReadOnlyList<T?>> GetManyAsync<TId, T>(
        this IHybridStore store,
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        Func<IReadOnlyList<TId>, CancellationToken, Task<List<T>>> load,
        Func<T, TId> id,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(load);
        ArgumentNullException.ThrowIfNull(id);
        return store.GetManyAsync(
            ids,
            key,
            new CallerBound<(Func<IReadOnlyList<TId>, CancellationToken, Task<List<T>>> Load, Func<T, TId> Id)>((load, id)),
            static async (call, missing, _, token) =>
                (IEnumerable<KeyValuePair<TId, T>>)WithIds(await call.Load.Load(missing, token).ConfigureAwait(false), call.Load.Id),
            options,
            cancellationToken);
    }

    /// <summary>Reads many rows through the cache by one query.</summary>
    /// <typeparam name="TId">What identifies a row: a type of which PostgreSQL has arrays.</typeparam>
    /// <typeparam name="T">The type of a row, mapped by Dapper.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="ids">What to read: any order, duplicates welcome, no null.</param>
    /// <param name="key">The key of an id.</param>
    /// <param name="sql">The query, with the ids as <c>@ids</c>: <c>select ... where id = any(@ids)</c>.</param>
    /// <param name="id">The id of a row.</param>
    /// <param name="options">How the values are stored.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    /// <inheritdoc cref="GetManyAsync{TId, T}(IHybridStore, IReadOnlyCollection{TId}, Func{TId, string}, Func{IReadOnlyList{TId}, BatchLoadContext{TId}, CancellationToken, ValueTask{IReadOnlyList{T}}}, Func{T, TId}, EntryOptions, CancellationToken)" path="/returns"/>
    /// <inheritdoc cref="GetManyAsync{TId, T}(IHybridStore, IReadOnlyCollection{TId}, Func{TId, string}, Func{IReadOnlyList{TId}, BatchLoadContext{TId}, CancellationToken, ValueTask{IReadOnlyList{T}}}, Func{T, TId}, EntryOptions, CancellationToken)" path="/exception"/>
    public static ValueTask<IReadOnlyList<T?>> GetManyAsync<TId, T>(
        this IHybridStore store,
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        string sql,
        Func<T, TId> id,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ArgumentNullException.ThrowIfNull(id);
        return store.GetManyAsync(
            ids,
            key,
            (sql, id),
            static async (query, missing, context, token) => (IEnumerable<KeyValuePair<TId, T>>)WithIds(
                await context.QueryAsync<T>(query.sql, new { ids = missing }, token).ConfigureAwait(false), query.id),
            options,
            cancellationToken);
    }

    /// <summary>Fills the cache before anybody asks, with a load that returns rows.</summary>
    /// <typeparam name="TId">What identifies a row.</typeparam>
    /// <typeparam name="T">The type of a row.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="ids">What to warm, most important first.</param>
    /// <param name="key">The key of an id.</param>
    /// <param name="load">Loads the rows of ids: best the method that <c>GetManyAsync</c> is given.</param>
    /// <param name="id">The id of a row.</param>
    /// <param name="options">Size of the batches, rate and cap.</param>
    /// <param name="progress">Told after each batch and at the end.</param>
    /// <param name="cancellationToken">Ends it; what is cached by then stays.</param>
    /// <returns>The final progress.</returns>
    /// <inheritdoc cref="IHybridStore.WarmAsync" path="/exception"/>
    public static Task<WarmProgress> WarmAsync<TId, T>(
        this IHybridStore store,
        IAsyncEnumerable<TId> ids,
        Func<TId, string> key,
        Func<IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IReadOnlyList<T>>> load,
        Func<T, TId> id,
        WarmOptions? options = null,
        IProgress<WarmProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(load);
        ArgumentNullException.ThrowIfNull(id);
        return store.WarmAsync(
            ids,
            key,
            (load, id),
            static async (call, missing, context, token) =>
                (IEnumerable<KeyValuePair<TId, T>>)WithIds(await call.load(missing, context, token).ConfigureAwait(false), call.id),
            options,
            progress,
            cancellationToken);
    }

    /// <summary>Fills the cache before anybody asks, by queries of the rows of some ids at a time.</summary>
    /// <typeparam name="TId">What identifies a row: a type of which PostgreSQL has arrays.</typeparam>
    /// <typeparam name="T">The type of a row, mapped by Dapper.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="ids">What to warm, most important first.</param>
    /// <param name="key">The key of an id.</param>
    /// <param name="sql">The query, with the ids as <c>@ids</c>: <c>select ... where id = any(@ids)</c>.</param>
    /// <param name="id">The id of a row.</param>
    /// <param name="options">Size of the batches, rate and cap.</param>
    /// <param name="progress">Told after each batch and at the end.</param>
    /// <param name="cancellationToken">Ends it; what is cached by then stays.</param>
    /// <returns>The final progress.</returns>
    /// <inheritdoc cref="IHybridStore.WarmAsync" path="/exception"/>
    public static Task<WarmProgress> WarmAsync<TId, T>(
        this IHybridStore store,
        IAsyncEnumerable<TId> ids,
        Func<TId, string> key,
        string sql,
        Func<T, TId> id,
        WarmOptions? options = null,
        IProgress<WarmProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where TId : notnull
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return store.WarmAsync(
            ids,
            key,
            (missing, context, token) => context.QueryAsync<T>(sql, new { ids = missing }, token),
            id,
            options,
            progress,
            cancellationToken);
    }

    private static KeyValuePair<TId, T>[] WithIds<TId, T>(IReadOnlyList<T>? rows, Func<T, TId> id)
    {
        if (rows is null)
        {
            throw new InvalidOperationException(
                "The load of a batch has returned null: let it return an empty list where there is no row.");
        }

        var pairs = new KeyValuePair<TId, T>[rows.Count];
        for (var i = 0; i < pairs.Length; i++)
        {
            pairs[i] = rows[i] is { } row
                ? new KeyValuePair<TId, T>(id(row), row)
                : throw new InvalidOperationException($"The load of a batch has returned null as its row {i}: let it leave out what is not there.");
        }

        return pairs;
    }
}
