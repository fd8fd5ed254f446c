using Npgsql;

namespace HybridStore;

/// <summary>
/// What the load of a batch works with: PostgreSQL, and a say in how each value is cached. It belongs to one load and is not thread-safe; it
/// cannot be used after the load has returned.
/// </summary>
/// <typeparam name="TId">What identifies a value in the database.</typeparam>
public sealed class BatchLoadContext<TId>
    where TId : notnull
{
    private readonly LoadContext _statements;
    private readonly Dictionary<TId, LoadContext> _entries;
    private readonly List<LoadContext> _own = [];

    /// <summary>A context over a connection of your own, for unit tests of a repository's loads. The connection is not disposed.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="ids">What <see cref="Ids"/> returns: each id once.</param>
    /// <param name="services">What <see cref="Services"/> returns; it is not disposed.</param>
    /// <exception cref="ArgumentException">An id is null, or there twice.</exception>
    public BatchLoadContext(NpgsqlConnection connection, IReadOnlyList<TId> ids, IServiceProvider? services = null)
        : this(new LoadContext(connection, services: services), ids ?? throw new ArgumentNullException(nameof(ids)))
    {
    }

    internal BatchLoadContext(LoadContext statements, IReadOnlyList<TId> ids)
    {
        _statements = statements;
        Ids = ids;
        _entries = new Dictionary<TId, LoadContext>(ids.Count);
        for (var i = 0; i < ids.Count; i++)
        {
            if (ids[i] is not { } id || !_entries.TryAdd(id, statements))
            {
                throw new ArgumentException($"ids[{i}] is null, or there twice: name each id once.", nameof(ids));
            }
        }
    }

    /// <summary>What is to be loaded: each id once, in the order of the call.</summary>
    public IReadOnlyList<TId> Ids { get; }

    /// <inheritdoc cref="LoadContext.Services"/>
    public IServiceProvider Services => _statements.Services;

    /// <summary>Registers the entry of one id under a tag, so that invalidating the tag removes it.</summary>
    /// <param name="id">One of <see cref="Ids"/>.</param>
    /// <param name="tag">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <exception cref="ArgumentException">The tag is malformed, or the id is not one of <see cref="Ids"/>.</exception>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public void AddTag(TId id, string tag) => Own(id).AddTag(tag);

    /// <summary>Registers the entry of one id under several tags.</summary>
    /// <param name="id">One of <see cref="Ids"/>.</param>
    /// <param name="tags">The tags.</param>
    /// <exception cref="ArgumentException">A tag is malformed (none is registered), or the id is not one of <see cref="Ids"/>.</exception>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public void AddTags(TId id, params ReadOnlySpan<string> tags) => Own(id).AddTags(tags);

    /// <summary>Registers all entries of the load under a tag.</summary>
    /// <param name="tag">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <exception cref="ArgumentException">The tag is malformed.</exception>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public void AddTagToAll(string tag)
    {
        // To those of which nothing else has been said, in one place; and to each of the others.
        _statements.AddTag(tag);
        foreach (var entry in _own)
        {
            entry.AddTag(tag);
        }
    }

    /// <summary>The tags given to the entry of one id so far, each once, in the order of their first mention.</summary>
    /// <param name="id">One of <see cref="Ids"/>.</param>
    /// <exception cref="ArgumentException">The id is not one of <see cref="Ids"/>.</exception>
    public IReadOnlyList<string> TagsOf(TId id) => Find(id).Tags;

    /// <summary>How long the value of one id may be served, to suit the value; without a call it is as the entry's options say.</summary>
    /// <param name="id">One of <see cref="Ids"/>.</param>
    /// <param name="timeToLive">Not positive means "do not cache"; more than 365 days are cut to that.</param>
    /// <exception cref="ArgumentException">The id is not one of <see cref="Ids"/>.</exception>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public void SetTimeToLive(TId id, TimeSpan timeToLive) => Own(id).TimeToLive = timeToLive;

    /// <summary>The value of one id is returned to the caller but not cached.</summary>
    /// <param name="id">One of <see cref="Ids"/>.</param>
    /// <exception cref="ArgumentException">The id is not one of <see cref="Ids"/>.</exception>
    /// <exception cref="ObjectDisposedException">The load has returned.</exception>
    public void DoNotCache(TId id) => Own(id).DoNotCache();

    /// <inheritdoc cref="LoadContext.OpenConnectionAsync"/>
    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken = default) =>
        _statements.OpenConnectionAsync(cancellationToken);

    /// <inheritdoc cref="LoadContext.StampAsync"/>
    public ValueTask StampAsync(NpgsqlConnection connection, CancellationToken cancellationToken = default) =>
        _statements.StampAsync(connection, cancellationToken);

    /// <summary>All rows of a query, usually one with <c>where id = any(@ids)</c>.</summary>
    /// <inheritdoc cref="LoadContext.QueryAsync"/>
    public ValueTask<IReadOnlyList<TRow>> QueryAsync<TRow>(
        string sql, object? parameters = null, CancellationToken cancellationToken = default) =>
        _statements.QueryAsync<TRow>(sql, parameters, cancellationToken);

    /// <summary>What the load has said of the entry of one id.</summary>
    internal LoadContext Find(TId id) => _entries.TryGetValue(id, out var entry)
        ? entry
        : throw new ArgumentException("The id is not one of those that are to be loaded: name one of Ids.", nameof(id));

    private LoadContext Own(TId id)
    {
        var entry = Find(id);
        _statements.ThrowIfReleased();
        if (ReferenceEquals(entry, _statements) && Ids.Count > 1)
        {
            // Nearly all loads say nothing of single entries, or something of each.
            _entries[id] = entry = _statements.ForEntry();
            _own.Add(entry);
        }

        return entry;
    }
}
