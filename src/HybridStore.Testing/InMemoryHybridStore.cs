using HybridStore.Diagnostics;
using HybridStore.Invalidating;
using HybridStore.Keys;
using HybridStore.Policies;
using HybridStore.Postgres;
using HybridStore.Reading;
using HybridStore.Reading.Batches;
using HybridStore.Reading.Warming;
using HybridStore.Redis;
using HybridStore.Resilience.LoadLimiting;
using HybridStore.Serialization;
using HybridStore.Testing.Caching;
using HybridStore.Testing.Recording;
using HybridStore.Testing.Statements;
using HybridStore.Usage;
using HybridStore.Writing;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HybridStore.Testing;

/// <summary>
/// A store for unit tests: the real store over a cache in memory, so that reads, writes and invalidations follow the same rules as on Redis,
/// and values go through the same serializer. It records what is done with it, and
/// <see cref="InMemoryHybridStoreAssertions"/> makes expectations of that.
/// </summary>
/// <remarks>
/// <para>With an <see cref="NpgsqlDataSource"/> loads and writes run on a real database. Without one their statements are answered by what the
/// test arranges with <see cref="Answer(string, object?[])"/>, and are recorded.</para>
/// <para>Entries expire exactly when their time to live ends, by <see cref="InMemoryHybridStoreOptions.TimeProvider"/>; they are not
/// refreshed early. All members are safe for concurrent use. There is nothing to dispose.</para>
/// </remarks>
public sealed class InMemoryHybridStore : IHybridStore
{
    // The store's name in metrics.
    private const string MemoryName = "memory";

    private readonly StoreRecords _records = new();
    private readonly StatementAnswers _answers;
    private readonly EntryPolicies _policies;
    private readonly EntryCodec _codec;
    private readonly InMemoryPartition _partition;
    private readonly InMemoryCache _cache;
    private readonly RecordingStore _store;
    private readonly bool _hasDatabase;

    /// <summary>A store without a database: statements are answered by what the test arranges.</summary>
    public InMemoryHybridStore()
        : this(new InMemoryHybridStoreOptions())
    {
    }

    /// <summary>A store over a database, without Redis.</summary>
    /// <param name="dataSource">Where loads and writes run; it is not disposed.</param>
    public InMemoryHybridStore(NpgsqlDataSource dataSource)
        : this(new InMemoryHybridStoreOptions { DataSource = dataSource ?? throw new ArgumentNullException(nameof(dataSource)) })
    {
    }

    /// <summary>A store of these parts.</summary>
    /// <param name="options">The parts.</param>
    /// <exception cref="OptionsValidationException">What <see cref="InMemoryHybridStoreOptions.Configure"/> has set is refused, for the
    /// same reasons as in production.</exception>
    public InMemoryHybridStore(InMemoryHybridStoreOptions options)
        : this(InMemoryStoreParts.Of(options))
    {
    }

    internal InMemoryHybridStore(InMemoryStoreParts parts)
    {
        var (options, time, logger) = (parts.Options, parts.TimeProvider, parts.Logger);
        _hasDatabase = parts.DataSource is not null;
        _answers = new StatementAnswers(_records);
        _policies = new EntryPolicies(options.Defaults, options.Policies, isPredictable: true, MemoryName);
        _codec = new EntryCodec(parts.Serializers);
        _partition = new InMemoryPartition(time, options.FenceTtl, options.LeaseDuration);

        var flights = new FlightTable();
        var clock = new RedisClock(time);
        _cache = new InMemoryCache(_partition, clock, flights, options.InvalidationRetry.Capacity);
        var postgres = new PostgresGateway(parts.DataSource, ownsDataSource: false, logger)
        {
            Simulated = _hasDatabase ? null : new SimulatedDatabase(_answers),
            Scopes = parts.Scopes,
        };
        var metrics = new StoreMetrics(parts.Meters, MemoryName, time) { ReadObserver = _records.Observe };
        var writes = new WriteMetrics(metrics);
        var known = new KnownEntries(metrics, clock, time);
        var entries = new EntryReader(_codec, clock, logger);
        // Who waits for the lease of another caller waits in real time: nobody may be there to advance the test's.
        var storer = new EntryStorer(_cache, _codec, metrics, known, logger);
        var loaderCache = new LoaderCache(
            new LeaseAcquirer(_cache, options.LeaseWait, TimeProvider.System, metrics: metrics),
            entries,
            storer,
            new LeaseKeeper(_cache, options.LeaseDuration, metrics, time));
        var currentWrite = new CurrentWrite();
        var limiter = new LoadLimiter(
            options.LoadLimiter, postgres.PoolSize, () => currentWrite.IsInTransaction, metrics: null, TimeProvider.System, logger);
        var runner = new LoadRunner(postgres, loaderCache, limiter, metrics, time, logger);
        var loader = new EntryLoader(runner, flights, loaderCache, limiter, metrics, logger);
        var marks = new CurrentMarks();
        var stale = new StaleEntries(_cache, entries, runner, _cache, marks, metrics, time, logger);
        var timedLoads = new TimedLoads(runner, loader, stale, time, logger);
        var reader = new CacheAsideReader(
            _cache,
            entries,
            runner,
            loader,
            timedLoads,
            new EntryRefresher(runner, loaderCache, limiter, metrics, time, logger),
            _cache,
            metrics,
            known,
            marks);
        var batches = new BatchLoader(
            runner,
            loader,
            timedLoads,
            flights,
            new BatchFlight(_cache, runner, flights, loaderCache, metrics, TimeProvider.System),
            limiter,
            logger);
        var store = new CacheAsideStore(new StoreParts(
            _policies,
            parts.Serializers,
            reader,
            runner,
            timedLoads,
            new BatchReader(_cache, reader, batches, _cache, metrics, known, marks, stale, time),
            batches,
            new CacheWarmer(_cache, entries, runner, storer, time, logger),
            new InMemoryExplainer(_partition, _cache),
            new TransactionalWriter(
                postgres,
                new RecordingInvalidator(new ObservedInvalidator(_cache, writes, known, "write"), _records, InvalidationCause.Write),
                new StrictWriting(options.StrictWrites, options.OnFenceFailure, options.FenceTtl, time),
                DurableWriting.Of(options.Journal, isSimulated: !_hasDatabase),
                new WriteThrough(_policies, parts.Serializers, runner, _cache, storer, time),
                currentWrite,
                writes,
                logger),
            new ForeignInvalidations(
                new RecordingInvalidator(new ObservedInvalidator(_cache, writes, known, "application"), _records, InvalidationCause.Call),
                new TransactionLookup(postgres, logger)),
            metrics,
            HasJournal: true,
            flights.Versions), ReadOptions.Default);
        _store = new RecordingStore(store, _records);
    }

    /// <summary>The reads so far, in the order in which it was known how they are answered; also those through views. A snapshot.</summary>
    public IReadOnlyList<RecordedRead> Reads => _records.Reads;

    /// <summary>The invalidations so far, in order. A snapshot.</summary>
    public IReadOnlyList<RecordedInvalidation> Invalidations => _records.Invalidations;

    /// <summary>The statements that loads and writes have run so far, in order; also those of writes that were rolled back. A snapshot; empty
    /// where there is a database.</summary>
    public IReadOnlyList<RecordedStatement> Statements => _records.Statements;

    /// <summary>Whether Redis is out of reach. Then reads are answered by loads and not cached, invalidations wait, their receipts say
    /// <see cref="InvalidationStatus.Pending"/>, and strict writes are not strict or abort. Set back to <see langword="false"/>, Redis takes
    /// what waits, at once. What was cached before is still there then. Default: <see langword="false"/>.</summary>
    public bool IsRedisDown
    {
        get => _cache.IsDown;
        set => _cache.IsDown = value;
    }

    /// <summary>Arranges the answer to statements. What was arranged last goes first.</summary>
    /// <param name="partOfSql">Statements that contain this are answered; case and white space do not matter.</param>
    /// <param name="rows">The rows, of the type that the statement asks for (<c>Product</c>, or a value for a single column); a sequence
    /// stands for its elements; none for no row. To <see cref="WriteContext.ExecuteAsync"/> a single whole number says how many rows are
    /// changed; otherwise the rows are counted.</param>
    /// <exception cref="ArgumentException"><paramref name="partOfSql"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">The store has a database, which answers.</exception>
    public void Answer(string partOfSql, params object?[]? rows) => Arrange(partOfSql, (_, _) => Task.FromResult<IReadOnlyList<object?>>(rows ?? []));

    /// <summary>Arranges the answer to statements, made anew for each.</summary>
    /// <param name="partOfSql">Statements that contain this are answered; case and white space do not matter.</param>
    /// <param name="answer">Gives a row, a sequence of rows, or <see langword="null"/> for no row; an exception that it throws is the
    /// statement's. It may be called by several threads at once.</param>
    /// <exception cref="ArgumentException"><paramref name="partOfSql"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">The store has a database, which answers.</exception>
    public void Answer(string partOfSql, Func<RecordedStatement, object?> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Arrange(partOfSql, (statement, _) => Task.FromResult(Rows(answer(statement))));
    }

    /// <summary>Arranges the answer to statements, given when the test wants: to hold a load, say.</summary>
    /// <param name="partOfSql">Statements that contain this are answered; case and white space do not matter.</param>
    /// <param name="answer">As above; its token is the statement's.</param>
    /// <exception cref="ArgumentException"><paramref name="partOfSql"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">The store has a database, which answers.</exception>
    public void Answer(string partOfSql, Func<RecordedStatement, CancellationToken, Task<object?>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Arrange(partOfSql, async (statement, token) => Rows(await answer(statement, token).ConfigureAwait(false)));
    }

    /// <summary>Puts a value into the cache, as if it had been loaded now. It is recorded nowhere. Tokens of writes
    /// (<see cref="ReadOptions.AtLeast"/>) do not take it, since it carries no snapshot.</summary>
    /// <typeparam name="T">The type that readers ask for: an entry of another type is a miss.</typeparam>
    /// <param name="key">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <param name="value">The value; <see langword="null"/> for a row that is known to be missing.</param>
    /// <param name="options">How it is stored: time to live, schema version.</param>
    /// <param name="tags">Its tags.</param>
    /// <exception cref="ArgumentException">The key or a tag is malformed, the policy is unknown, the options are those of values that are
    /// not cached, or the value is larger than they allow.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> does not survive a round trip through the serializer.</exception>
    public void Seed<T>(string key, T value, EntryOptions? options = null, params IReadOnlyList<string> tags)
    {
        KeyRules.ThrowIfInvalidKey(key);
        ArgumentNullException.ThrowIfNull(tags);
        for (var i = 0; i < tags.Count; i++)
        {
            KeyRules.ThrowIfInvalidTagAt(i, tags[i], nameof(tags));
        }

        var settings = _policies.Resolve(options);
        var timeToLive = value is null ? settings.NegativeTimeToLive : settings.TimeToLive;
        if (settings.DoNotCache || timeToLive is not { } lifetime)
        {
            throw new ArgumentException(
                "By these options the value is not cached: leave out DoNotCache, and set NegativeTimeToLive for a null.", nameof(options));
        }

        using var encoded = _codec.Encode(
            value,
            new EntryHeaderFields(0, 0, TimeSpan.Zero, settings.SchemaVersion, null),
            settings.MaximumPayloadBytes,
            settings.CompressionThresholdBytes);
        if (encoded.Outcome != EncodeOutcome.Encoded)
        {
            throw new ArgumentException(
                encoded.Outcome == EncodeOutcome.TooLarge
                    ? "The value is larger than MaximumPayloadBytes, so it is not cached: raise that, or seed a smaller value."
                    : "The serializer cannot write the value, so it is not cached: see the inner exception.",
                nameof(value),
                encoded.Exception);
        }

        _partition.Put(key, encoded.Entry.Span, lifetime, settings.GraceOf(value is null), tags);
    }

    /// <summary>Whether the cache holds an entry for a key that has not expired, of whatever type.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ArgumentException">The key is malformed.</exception>
    public bool IsCached(string key)
    {
        KeyRules.ThrowIfInvalidKey(key);
        return _partition.Holds(key);
    }

    /// <summary>Forgets the records, so that a test's expectations are of what follows. Entries and arranged answers stay.</summary>
    public void ClearRecords() => _records.Clear();

    /// <inheritdoc/>
    public ValueTask<T> GetAsync<TState, T>(
        string key,
        TState state,
        Func<TState, LoadContext, CancellationToken, ValueTask<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        _store.GetAsync(key, state, load, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<T?>> GetManyAsync<TState, TId, T>(
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
        where TId : notnull =>
        _store.GetManyAsync(ids, key, state, load, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<CachedValue<T>> TryGetAsync<T>(string key, EntryOptions? options = null, CancellationToken cancellationToken = default) =>
        _store.TryGetAsync<T>(key, options, cancellationToken);

    /// <inheritdoc/>
    public Task<WarmProgress> WarmAsync<TState, TId, T>(
        IAsyncEnumerable<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        WarmOptions? options = null,
        IProgress<WarmProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where TId : notnull =>
        _store.WarmAsync(ids, key, state, load, options, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<WriteReceipt> WriteAsync(
        Func<WriteContext, CancellationToken, Task> write, WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        _store.WriteAsync(write, options, cancellationToken);

    /// <inheritdoc/>
    public WriteContext Enlist(NpgsqlTransaction transaction, WriteOptions? options = null) => _store.Enlist(transaction, options);

    /// <inheritdoc/>
    public Task<InvalidationReceipt> InvalidateAsync(Invalidation what, CancellationToken cancellationToken = default) =>
        _store.InvalidateAsync(what, cancellationToken);

    /// <inheritdoc/>
    public Task<InvalidationReceipt> FlushAsync(CancellationToken cancellationToken = default) => _store.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<EntryExplanation> ExplainAsync(string key, CancellationToken cancellationToken = default) =>
        _store.ExplainAsync(key, cancellationToken);

    /// <inheritdoc/>
    public IHybridStore With(ReadOptions readOptions) => _store.With(readOptions);

    private static IReadOnlyList<object?> Rows(object? answer) => answer is null ? [] : [answer];

    private void Arrange(string partOfSql, Func<RecordedStatement, CancellationToken, Task<IReadOnlyList<object?>>> answer)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(partOfSql);
        if (_hasDatabase)
        {
            throw new InvalidOperationException(
                "This store has a database, which answers its statements: make the store without one to arrange answers.");
        }

        _answers.Add(partOfSql, answer);
    }
}
