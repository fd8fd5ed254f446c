using System.Transactions;
using HybridStore.Fencing;
using HybridStore.Keys;
using HybridStore.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore;

/// <summary>
/// What a load works with: PostgreSQL, and a say in how its value is cached. It belongs to one load and is not thread-safe; it
/// cannot be used after the load has returned.
/// </summary>
public sealed class LoadContext
{
    private readonly PostgresGateway? _postgres;
    private readonly NpgsqlDataSource? _standby;
    private readonly TimeSpan? _timeToLiveOfEntry;
    private readonly IServiceProvider? _services;
    private NpgsqlConnection? _connection;
    private AsyncServiceScope? _scope;
    private List<string>? _tags;
    private TimeSpan? _timeToLive;
    private bool _released;

    /// <summary>A context over a connection of your own, for unit tests of a repository's loads. The connection is not
    /// disposed.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="key">What <see cref="Key"/> returns.</param>
    /// <param name="services">What <see cref="Services"/> returns; it is not disposed.</param>
    public LoadContext(NpgsqlConnection connection, string key = "key", IServiceProvider? services = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(key);
        (_connection, _services) = (connection, services);
        Key = key;
        Stamp = new LoadStamp(isWanted: false);
    }

    internal LoadContext(PostgresGateway postgres, NpgsqlDataSource? onStandby, string key, TimeSpan timeToLive, LoadStamp stamp)
    {
        _postgres = postgres;
        _standby = onStandby;
        _timeToLiveOfEntry = timeToLive;
        Key = key;
        Stamp = stamp;
    }

    private LoadContext(string key, TimeSpan? timeToLiveOfEntry, LoadStamp stamp)
    {
        (Key, _timeToLiveOfEntry, Stamp) = (key, timeToLiveOfEntry, stamp);
    }

    /// <summary>The key that is being loaded.</summary>
    public string Key { get; }

    /// <summary>The tags given so far, each once, in the order of their first mention.</summary>
    public IReadOnlyList<string> Tags => _tags ?? (IReadOnlyList<string>)[];

    /// <summary>How long the value may be served: preset from the entry's options, and may be changed to suit the value, for
    /// example until a price's end of validity. A value that is not positive means "do not cache"; more than 365 days are cut to
    /// that. In a context of your own it starts as <see langword="null"/>.</summary>
    /// <exception cref="ObjectDisposedException">It is set after the load has returned.</exception>
    public TimeSpan? TimeToLive
    {
        get => _timeToLive ?? _timeToLiveOfEntry;
        set
        {
            ObjectDisposedException.ThrowIf(_released, this);
            _timeToLive = value;
        }
    }

    /// <summary>Whether <see cref="DoNotCache"/> has not been called.</summary>
    public bool IsCacheable { get; private set; } = true;

    /// <summary>Services of a scope of the load's own, made when this is first asked for and disposed after the load. A load that takes its
    /// <c>DbContext</c> from here, and not from its caller, may run when the caller has gone: its entries are refreshed behind their readers.
    /// <see cref="StampAsync"/> gives its value a snapshot.</summary>
    /// <exception cref="InvalidOperationException">There is no container: the context, or the store, was made without one.</exception>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public IServiceProvider Services
    {
        get
        {
            ObjectDisposedException.ThrowIf(_released, this);
            return _services ?? (_scope ??= NewScope()).ServiceProvider;
        }
    }

    internal TimeSpan? AdaptedTimeToLive => _timeToLive;

    internal LoadStamp Stamp { get; }

    internal bool IsOnStandby => _standby is not null;

    /// <summary>Registers the entry under a tag, so that invalidating the tag removes it. Tags may depend on the value. Naming a
    /// tag twice is harmless.</summary>
    /// <param name="tag">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <exception cref="ArgumentException">The tag is malformed.</exception>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public void AddTag(string tag)
    {
        KeyRules.ThrowIfInvalidTag(tag);
        ObjectDisposedException.ThrowIf(_released, this);
        _tags ??= [];
        if (!_tags.Contains(tag))
        {
            _tags.Add(tag);
        }
    }

    /// <summary>Registers the entry under several tags.</summary>
    /// <param name="tags">The tags.</param>
    /// <exception cref="ArgumentException">A tag is malformed; none is registered.</exception>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public void AddTags(params ReadOnlySpan<string> tags)
    {
        KeyRules.ThrowIfAnyInvalidTag(tags);
        foreach (var tag in tags)
        {
            AddTag(tag);
        }
    }

    /// <summary>The loaded value is returned to the caller but not cached.</summary>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public void DoNotCache()
    {
        ObjectDisposedException.ThrowIf(_released, this);
        IsCacheable = false;
    }

    /// <summary>The load's connection: taken from the pool at the first call and given back after the load. Do not dispose it. Where the
    /// value may be cached, the first call asks PostgreSQL for the snapshot that it is loaded under, one round trip that the query
    /// methods of this context do not need.</summary>
    /// <param name="cancellationToken">Ends the wait for a free connection.</param>
    /// <returns>An open connection, the same one each time.</returns>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public async ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken = default)
    {
        var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        if (NeedsStamp())
        {
            await Statement.StampAsync(connection, Stamp, cancellationToken).ConfigureAwait(false);
        }

        return connection;
    }

    /// <summary>Stamps what the load is about to read over a connection of its own, such as EF Core's: call it before the first
    /// statement there. Without a stamp a value is cached as well, but any invalidation of one of its tags while it is being loaded
    /// keeps it out.</summary>
    /// <param name="connection">An open connection to the same database, outside of any transaction. One that is in a transaction keeps
    /// the value out of the cache and from others who wait for this load, since it may see a snapshot that is older than the load, or its
    /// own unfinished writes.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public async ValueTask StampAsync(NpgsqlConnection connection, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ObjectDisposedException.ThrowIf(_released, this);

        // Also where nothing is stored: what is read in a transaction is not for others who wait for this load.
        if (Stamp.IsWanted || Stamp.IsShared)
        {
            await Statement.StampForeignAsync(connection, Stamp, cancellationToken).ConfigureAwait(false);
        }
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
        if (Simulate() is { } simulated)
        {
            return await simulated.QuerySingleOrDefaultAsync<T>(sql, parameters, cancellationToken).ConfigureAwait(false);
        }

        var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return NeedsStamp()
            ? await StampedStatement.QuerySingleOrDefaultAsync<T>(connection, Stamp, sql, parameters, cancellationToken).ConfigureAwait(false)
            : await Statement.QuerySingleOrDefaultAsync<T>(connection, null, sql, parameters, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All rows of a query.</summary>
    /// <typeparam name="T">The type of a row, mapped by Dapper.</typeparam>
    /// <param name="sql">The statement, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async ValueTask<IReadOnlyList<T>> QueryAsync<T>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default)
    {
        if (Simulate() is { } simulated)
        {
            return await simulated.QueryAsync<T>(sql, parameters, cancellationToken).ConfigureAwait(false);
        }

        var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return NeedsStamp()
            ? await StampedStatement.QueryAsync<T>(connection, Stamp, sql, parameters, cancellationToken).ConfigureAwait(false)
            : await Statement.QueryAsync<T>(connection, null, sql, parameters, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The first column of the first row, or the default if there is no row.</summary>
    /// <typeparam name="T">The column's type.</typeparam>
    /// <param name="sql">The statement, with parameters as <c>@name</c>.</param>
    /// <param name="parameters">An object whose properties are the parameters.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async ValueTask<T?> ExecuteScalarAsync<T>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default)
    {
        if (Simulate() is { } simulated)
        {
            return await simulated.ExecuteScalarAsync<T>(sql, parameters, cancellationToken).ConfigureAwait(false);
        }

        var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return NeedsStamp()
            ? await StampedStatement.ExecuteScalarAsync<T>(connection, Stamp, sql, parameters, cancellationToken).ConfigureAwait(false)
            : await Statement.ExecuteScalarAsync<T>(connection, null, sql, parameters, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>For what one load says of one of several entries: the same stamp and tags, and no statements.</summary>
    internal LoadContext ForEntry() => new(Key, _timeToLiveOfEntry, Stamp) { _tags = _tags is null ? null : [.. _tags] };

    internal void ThrowIfReleased() => ObjectDisposedException.ThrowIf(_released, this);

    internal async ValueTask ReleaseAsync()
    {
        _released = true;
        try
        {
            if (_scope is { } scope)
            {
                await scope.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            if (_postgres is not null && _connection is not null)
            {
                await _connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        Enter();
        return _connection ??= await (_standby ?? _postgres!.DataSource).OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
    }

    private AsyncServiceScope NewScope() => _postgres?.Scopes?.CreateAsyncScope() ?? throw new InvalidOperationException(
        "This load has no services, since no container made its store: register the store with AddHybridStore (AddInMemoryHybridStore in "
        + "tests), or give services to the context: new LoadContext(connection, services: provider).");

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_released, this);
        if (Transaction.Current is not null)
        {
            // The connection takes part in it, and may see what it has not committed.
            Stamp.MarkFromTransaction();
        }
    }

    /// <summary>What answers a statement where there is no database; null in production.</summary>
    private ISimulatedStatements? Simulate()
    {
        if (_postgres?.Simulated is not { } database)
        {
            return null;
        }

        Enter();
        if (NeedsStamp())
        {
            database.Stamp(Stamp);
        }

        return database.Statements;
    }

    /// <summary>Until the first statement has succeeded: a snapshot taken with it is older than all that is read.</summary>
    private bool NeedsStamp() => Stamp is { IsWanted: true, IsTaken: false };
}
