using System.Runtime.CompilerServices;
using HybridStore.Postgres;
using HybridStore.Reading;

namespace HybridStore;

/// <summary>Shorter ways to call <see cref="IHybridStore.GetAsync"/>. All behave as it does.</summary>
public static class HybridStoreReadExtensions
{
    /// <summary>Reads through the cache with a load that returns a <see cref="Task{TResult}"/> and needs state.</summary>
    /// <inheritdoc cref="IHybridStore.GetAsync"/>
    public static ValueTask<T> GetAsync<TState, T>(
        this IHybridStore store,
        string key,
        TState state,
        Func<TState, LoadContext, CancellationToken, Task<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(load);
        return store.GetAsync(
            key,
            (state, load),
            static (call, context, token) => new ValueTask<T>(call.load(call.state, context, token)),
            options,
            cancellationToken);
    }

    /// <summary>Reads through the cache with a load that closes over what it needs.</summary>
    /// <inheritdoc cref="IHybridStore.GetAsync"/>
    [OverloadResolutionPriority(1)]
    public static ValueTask<T> GetAsync<T>(
        this IHybridStore store,
        string key,
        Func<LoadContext, CancellationToken, ValueTask<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(load);
        return store.GetAsync(key, load, static (call, context, token) => call(context, token), options, cancellationToken);
    }

    /// <inheritdoc cref="GetAsync{T}(IHybridStore, string, Func{LoadContext, CancellationToken, ValueTask{T}}, EntryOptions, CancellationToken)"/>
    public static ValueTask<T> GetAsync<T>(
        this IHybridStore store,
        string key,
        Func<LoadContext, CancellationToken, Task<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(load);
        return store.GetAsync(
            key, load, static (call, context, token) => new ValueTask<T>(call(context, token)), options, cancellationToken);
    }

    /// <summary>Reads through the cache with a load that brings its own access to PostgreSQL: EF Core, Dapper, a method of one's own. Such
    /// a load never runs behind its caller, who may be using or have disposed what it works with: its entries are refreshed early under
    /// <see cref="RefreshMode.Inline"/> only, by a caller who waits for it, and else loaded again when they have expired. A load that takes
    /// what it works with from <see cref="LoadContext.Services"/> is refreshed in either mode.</summary>
    /// <inheritdoc cref="IHybridStore.GetAsync"/>
    public static ValueTask<T> GetAsync<T>(
        this IHybridStore store,
        string key,
        Func<CancellationToken, Task<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(load);
        return store.GetAsync(
            key,
            new CallerBound<Func<CancellationToken, Task<T>>>(load),
            static (call, _, token) => new ValueTask<T>(call.Load(token)),
            options,
            cancellationToken);
    }

    /// <inheritdoc cref="GetAsync{T}(IHybridStore, string, Func{CancellationToken, Task{T}}, EntryOptions, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static ValueTask<T> GetAsync<T>(
        this IHybridStore store,
        string key,
        Func<CancellationToken, ValueTask<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(load);
        return store.GetAsync(
            key,
            new CallerBound<Func<CancellationToken, ValueTask<T>>>(load),
            static (call, _, token) => call.Load(token),
            options,
            cancellationToken);
    }

    /// <summary>Reads the only row of a query through the cache.</summary>
    /// <typeparam name="T">Mapped by Dapper: columns to constructor parameters or properties by name, or the first column.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="key">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <param name="sql">The query, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="options">How the value is stored.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    /// <returns>The row, or the default if there is none: <see langword="null"/> for classes and nullable types, but 0 for
    /// <c>int</c>, which is cached like any other value. Ask for <c>int?</c> where a missing row matters.</returns>
    /// <inheritdoc cref="IHybridStore.GetAsync" path="/exception"/>
    public static ValueTask<T?> GetAsync<T>(
        this IHybridStore store,
        string key,
        string sql,
        object? parameters = null,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        Statement.ThrowIfMisplaced(parameters);
        return store.GetAsync(
            key,
            (sql, parameters),
            static (query, context, token) => context.QuerySingleOrDefaultAsync<T>(query.sql, query.parameters, token),
            options,
            cancellationToken);
    }

    /// <summary>Reads all rows of a query through the cache, as one entry.</summary>
    /// <typeparam name="T">The type of a row, mapped by Dapper.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="key">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <param name="sql">The query, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="options">How the list is stored.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    /// <inheritdoc cref="IHybridStore.GetAsync" path="/exception"/>
    public static ValueTask<IReadOnlyList<T>> GetListAsync<T>(
        this IHybridStore store,
        string key,
        string sql,
        object? parameters = null,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        Statement.ThrowIfMisplaced(parameters);
        return store.GetAsync(
            key,
            (sql, parameters),
            static (query, context, token) => context.QueryAsync<T>(query.sql, query.parameters, token),
            options,
            cancellationToken);
    }
}
