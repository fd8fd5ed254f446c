using HybridStore.Keys;
using HybridStore.Postgres;
using HybridStore.Writing;
using Npgsql;

namespace HybridStore;

/// <summary>
/// What a write works with: the open transaction, and the list of what its commit invalidates. It belongs to one write and is
/// not thread-safe.
/// </summary>
public sealed class WriteContext
{
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);
    private readonly Func<CancellationToken, Task<WriteReceipt>>? _commit;
    private readonly WrittenValues? _values;
    private readonly NpgsqlTransaction? _transaction;
    private readonly NpgsqlConnection? _connection;
    private bool _completed;

    /// <summary>A context over a transaction of your own, for unit tests of a repository's writes. It is neither committed nor
    /// disposed; <see cref="InvalidatedKeys"/> and <see cref="InvalidatedTags"/> tell what was named.</summary>
    /// <param name="transaction">An open transaction.</param>
    public WriteContext(NpgsqlTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        _transaction = transaction;
        _connection = !Commit.HasEnded(transaction) && transaction.Connection is { } connection
            ? connection
            : throw new ArgumentException("The transaction is already finished; begin a new one.", nameof(transaction));
    }

    internal WriteContext(
        NpgsqlTransaction transaction, WrittenValues values, Func<CancellationToken, Task<WriteReceipt>>? commit = null)
        : this(transaction) => (_values, _commit) = (values, commit);

    internal WrittenValues Values => _values ?? throw new InvalidOperationException("This context is of no store's.");

    private WriteContext(ISimulatedTransaction simulated, WrittenValues values) => (Simulated, _values) = (simulated, values);

    internal bool IsCompleted => _completed;

    /// <summary>The write's transaction. The store commits it; a callback that ends it is refused with an
    /// <see cref="InvalidOperationException"/>.</summary>
    /// <exception cref="InvalidOperationException">The write belongs to a test that has no database.</exception>
    public NpgsqlTransaction Transaction => _transaction ?? throw NoDatabase();

    /// <summary>The connection of <see cref="Transaction"/>.</summary>
    /// <exception cref="InvalidOperationException">The write belongs to a test that has no database.</exception>
    public NpgsqlConnection Connection => _connection ?? throw NoDatabase();

    /// <summary>The keys named so far.</summary>
    public IReadOnlyCollection<string> InvalidatedKeys => _keys;

    /// <summary>The tags named so far.</summary>
    public IReadOnlyCollection<string> InvalidatedTags => _tags;

    /// <summary>Invalidates a key once the write is committed.</summary>
    /// <param name="key">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <exception cref="ArgumentException">The key is malformed.</exception>
    /// <exception cref="InvalidOperationException">The write has already finished.</exception>
    public void Invalidate(string key)
    {
        KeyRules.ThrowIfInvalidKey(key);
        ThrowIfCompleted();
        _values?.Drop(key);
        _keys.Add(key);
    }

    /// <summary>Invalidates every entry under a tag once the write is committed.</summary>
    /// <param name="tag">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <exception cref="ArgumentException">The tag is malformed.</exception>
    /// <exception cref="InvalidOperationException">The write has already finished.</exception>
    public void InvalidateTag(string tag)
    {
        KeyRules.ThrowIfInvalidTag(tag);
        ThrowIfCompleted();
        _values?.DropTagged(tag);
        _tags.Add(tag);
    }

    /// <summary>Write-through: invalidates the key once the write is committed, and stores the value that the write has given it, so that
    /// the next reader finds it.</summary>
    /// <remarks>
    /// <para>Make the value in this transaction, with <c>RETURNING</c> or a query behind the statement that changes the row, and with all
    /// columns that readers expect: the store vouches for it as it does for what it has loaded. What triggers change at COMMIT is not in
    /// it.</para>
    /// <para>It is stored only if nobody has written, or invalidated, meanwhile what this transaction does not reflect: of two writes
    /// of one key the cache has the value of the later, or none. It is not stored either where somebody loaded the key when the write began,
    /// while Redis is down, or in a write that had joined another that did not declare the key. The key is then invalidated, as with
    /// <see cref="Invalidate"/>.</para>
    /// <para>Setting a key again replaces its value. Invalidating it, or one of the tags, afterwards takes the value back.</para>
    /// </remarks>
    /// <typeparam name="T">The type as readers ask for it: <c>Product?</c>, <c>int</c>. An entry of another type is a miss.</typeparam>
    /// <param name="key">A key that <see cref="WriteOptions.WriteThrough"/> declares.</param>
    /// <param name="value">The value. It is serialized at once. <see langword="null"/> is stored where
    /// <see cref="EntryOptions.NegativeTimeToLive"/> is set.</param>
    /// <param name="options">How it is stored; unset properties come from the named policy, then from the store's defaults.</param>
    /// <param name="tags">The tags of the entry: the ones that a load of this key gives it.</param>
    /// <exception cref="ArgumentException">The key or a tag is malformed, or the policy is unknown.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> does not survive a round trip through the
    /// serializer.</exception>
    /// <exception cref="InvalidOperationException">The key was not declared, or the write has already finished.</exception>
    public void Set<T>(string key, T value, EntryOptions? options = null, IEnumerable<string>? tags = null)
    {
        KeyRules.ThrowIfInvalidKey(key);
        string[] distinct = tags is null ? [] : [.. tags.Distinct(StringComparer.Ordinal)];
        KeyRules.ThrowIfAnyInvalidTag(distinct, nameof(tags));
        ThrowIfCompleted();
        _values?.Set(key, value, options, distinct);
        _keys.Add(key);
    }

    /// <summary>Commits a transaction that was taken in with <see cref="IHybridStore.Enlist"/>, and then invalidates what was named. The
    /// transaction and its connection are left to you to dispose.</summary>
    /// <param name="cancellationToken">Honoured before COMMIT; COMMIT itself and what follows are not cut short.</param>
    /// <returns>The transaction's id and the state of its invalidation.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled: it is not committed.</exception>
    /// <exception cref="InvalidOperationException">The store commits this write itself; or the transaction has ended, or its connection is
    /// closed; or a write that had joined it failed: it is then not committed.</exception>
    /// <exception cref="FencesNotSetException">The write is strict and aborts where Redis does not take its fences: it is not
    /// committed.</exception>
    /// <exception cref="CommitOutcomeUnknownException">COMMIT was sent and its answer never came. Everything named has been invalidated all
    /// the same.</exception>
    public Task<WriteReceipt> CommitAsync(CancellationToken cancellationToken = default)
    {
        if (_commit is null)
        {
            throw new InvalidOperationException(
                "The store commits this write when its callback has returned. CommitAsync is for transactions that were taken in with Enlist.");
        }

        ThrowIfCompleted();
        return _commit(cancellationToken);
    }

    /// <summary>Runs a statement in the transaction.</summary>
    /// <param name="sql">The statement, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <returns>The number of rows that it changed.</returns>
    public Task<int> ExecuteAsync(string sql, object? parameters = null, CancellationToken cancellationToken = default) =>
        Simulated?.ExecuteAsync(sql, parameters, cancellationToken)
        ?? Statement.ExecuteAsync(Connection, Transaction, sql, parameters, cancellationToken);

    /// <summary>The only row of a query in the transaction, or the default (<see langword="null"/> for classes) if there is
    /// none.</summary>
    /// <typeparam name="T">Mapped by Dapper: columns to constructor parameters or properties by name, or the first column.</typeparam>
    /// <param name="sql">The statement, with parameters as <c>@name</c>; <c>RETURNING</c> makes a write answer with rows.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <exception cref="InvalidOperationException">There is more than one row.</exception>
    public Task<T?> QuerySingleOrDefaultAsync<T>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default) =>
        Simulated?.QuerySingleOrDefaultAsync<T>(sql, parameters, cancellationToken)
        ?? Statement.QuerySingleOrDefaultAsync<T>(Connection, Transaction, sql, parameters, cancellationToken);

    /// <summary>All rows of a query in the transaction.</summary>
    /// <typeparam name="T">The type of a row, mapped by Dapper.</typeparam>
    /// <param name="sql">The statement, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default) =>
        Simulated?.QueryAsync<T>(sql, parameters, cancellationToken)
        ?? Statement.QueryAsync<T>(Connection, Transaction, sql, parameters, cancellationToken);

    /// <summary>The first column of the first row of a query in the transaction, or the default if there is no row.</summary>
    /// <typeparam name="T">The column's type.</typeparam>
    /// <param name="sql">The statement, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public Task<T?> ExecuteScalarAsync<T>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default) =>
        Simulated?.ExecuteScalarAsync<T>(sql, parameters, cancellationToken)
        ?? Statement.ExecuteScalarAsync<T>(Connection, Transaction, sql, parameters, cancellationToken);

    /// <summary>What stands in for the transaction in tests without a database; null in production.</summary>
    internal ISimulatedTransaction? Simulated { get; }

    internal System.Data.IsolationLevel IsolationLevel => Simulated?.IsolationLevel ?? Transaction.IsolationLevel;

    /// <summary>A write without a database.</summary>
    internal static WriteContext Simulate(ISimulatedTransaction transaction, WrittenValues values) => new(transaction, values);

    internal Invalidation Complete()
    {
        _completed = true;
        return new Invalidation { Keys = [.. _keys], Tags = [.. _tags] };
    }

    private static InvalidOperationException NoDatabase() => new(
        "The store of this test has no database, so its writes have neither connection nor transaction: run statements through the context "
        + "and arrange their answers, or make the store with an NpgsqlDataSource.");

    private void ThrowIfCompleted()
    {
        if (_completed)
        {
            throw new InvalidOperationException(
                "The write has finished: name keys and tags inside its callback, or use InvalidateAsync.");
        }
    }
}
