using HybridStore.Keys;
using HybridStore.Postgres;
using Npgsql;

namespace HybridStore;

/// <summary>
/// What a load works with: PostgreSQL, and a say in how its value is cached. It belongs to one load and is not thread-safe; it
/// cannot be used after the load has returned.
/// </summary>
public sealed class LoadContext
{
    private readonly NpgsqlDataSource? _dataSource;
    private readonly TimeSpan? _timeToLiveOfEntry;
    private NpgsqlConnection? _connection;
    private List<string>? _tags;
    private TimeSpan? _timeToLive;
    private bool _released;

    /// <summary>A context over a connection of your own, for unit tests of a repository's loads. The connection is not
    /// disposed.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="key">What <see cref="Key"/> returns.</param>
    public LoadContext(NpgsqlConnection connection, string key = "key")
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(key);
        _connection = connection;
        Key = key;
    }

    internal LoadContext(NpgsqlDataSource dataSource, string key, TimeSpan timeToLive)
    {
        _dataSource = dataSource;
        _timeToLiveOfEntry = timeToLive;
        Key = key;
    }

    /// <summary>The key that is being loaded.</summary>
    public string Key { get; }

    /// <summary>The tags given so far, each once, in the order of their first mention.</summary>
    public IReadOnlyList<string> Tags => _tags ?? (IReadOnlyList<string>)[];

    /// <summary>How long the value may be served: preset from the entry's options, and may be changed to suit the value, for
    /// example until a price's end of validity. A value that is not positive means "do not cache"; more than 365 days are cut to
    /// that. In a context of your own it starts as <see langword="null"/>.</summary>
    public TimeSpan? TimeToLive
    {
        get => _timeToLive ?? _timeToLiveOfEntry;
        set => _timeToLive = value;
    }

    /// <summary>Whether <see cref="DoNotCache"/> has not been called.</summary>
    public bool IsCacheable { get; private set; } = true;

    internal TimeSpan? AdaptedTimeToLive => _timeToLive;

    /// <summary>Registers the entry under a tag, so that invalidating the tag removes it. Tags may depend on the value. Naming a
    /// tag twice is harmless.</summary>
    /// <param name="tag">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <exception cref="ArgumentException">The tag is malformed.</exception>
    public void AddTag(string tag)
    {
        KeyRules.ThrowIfInvalidTag(tag);
        _tags ??= [];
        if (!_tags.Contains(tag))
        {
            _tags.Add(tag);
        }
    }

    /// <summary>Registers the entry under several tags.</summary>
    /// <param name="tags">The tags.</param>
    /// <exception cref="ArgumentException">A tag is malformed.</exception>
    public void AddTags(params ReadOnlySpan<string> tags)
    {
        foreach (var tag in tags)
        {
            AddTag(tag);
        }
    }

    /// <summary>The loaded value is returned to the caller but not cached.</summary>
    public void DoNotCache() => IsCacheable = false;

    /// <summary>The load's connection: taken from the pool at the first call and given back after the load. Do not dispose
    /// it.</summary>
    /// <param name="cancellationToken">Ends the wait for a free connection.</param>
    /// <returns>An open connection, the same one each time.</returns>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public async ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_released, this);
        return _connection ??= await _dataSource!.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The only row of a query as <typeparamref name="T"/>, or the default (<see langword="null"/> for classes) if there is
    /// none.</summary>
    /// <typeparam name="T">Mapped by Dapper: columns to constructor parameters or properties by name, or the first column.</typeparam>
    /// <param name="sql">The statement, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <exception cref="InvalidOperationException">There is more than one row.</exception>
    public async ValueTask<T?> QuerySingleOrDefaultAsync<T>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default)
    {
        var connection = await OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await Statement.QuerySingleOrDefaultAsync<T>(connection, null, sql, parameters, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All rows of a query.</summary>
    /// <typeparam name="T">The type of a row, mapped by Dapper.</typeparam>
    /// <param name="sql">The statement, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async ValueTask<IReadOnlyList<T>> QueryAsync<T>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default)
    {
        var connection = await OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await Statement.QueryAsync<T>(connection, null, sql, parameters, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The first column of the first row, or the default if there is no row.</summary>
    /// <typeparam name="T">The column's type.</typeparam>
    /// <param name="sql">The statement, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async ValueTask<T?> ExecuteScalarAsync<T>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default)
    {
        var connection = await OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await Statement.ExecuteScalarAsync<T>(connection, null, sql, parameters, cancellationToken).ConfigureAwait(false);
    }

    internal async ValueTask ReleaseAsync()
    {
        _released = true;
        if (_dataSource is not null && _connection is not null)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}
