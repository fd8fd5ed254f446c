using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;
using HybridStore.Diagnostics.Watching;
using HybridStore.Explaining;
using HybridStore.Invalidating;
using HybridStore.Journaling;
using HybridStore.Journaling.Listening;
using HybridStore.Journaling.Schema;
using HybridStore.Policies;
using HybridStore.Postgres;
using HybridStore.Reading;
using HybridStore.Reading.Batches;
using HybridStore.Reading.Warming;
using HybridStore.Recovering;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using HybridStore.Redis.Inspecting;
using HybridStore.Redis.Janitor;
using HybridStore.Resilience;
using HybridStore.Resilience.LoadLimiting;
using HybridStore.Serialization;
using HybridStore.Usage;
using HybridStore.Verifying;
using HybridStore.Writing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HybridStore.Registration;

/// <summary>Puts one store together and takes it apart again.</summary>
internal sealed class StoreRoot : IAsyncDisposable, IDisposable
{
    // What one instance has tidied up no other needs to before the next interval, however their clocks are staggered.
    private const double JanitorRest = 0.8;

    private readonly PostgresGateway _postgres;
    private readonly LoadLimiter _limiter;
    private readonly InvalidationDispatcher? _dispatcher;
    private readonly RedisRecovery? _recovery;
    private readonly LeaseKeeper? _keeper;
    private readonly EntryRefresher? _refresher;
    private readonly OnlineVerifier? _verifier;
    private readonly JanitorSchedule? _janitorSchedule;
    private readonly JournalListener? _listener;
    private readonly NpgsqlDataSource? _listenerSource;
    private readonly bool _ownsListenerSource;
    private readonly SchemaStarter? _schemaStarter;
    private int _disposed;

    public StoreRoot(IServiceProvider services, StoreRegistration registration)
    {
        var options = services.GetRequiredService<IOptionsMonitor<HybridStoreOptions>>().Get(registration.OptionsName);
        var timeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var loggers = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var logger = loggers.CreateLogger(registration.Key is null ? "HybridStore" : $"HybridStore.{registration.OptionsName}");
        var storeName = registration.Key is null ? PolicyMeter.DefaultName : registration.OptionsName;
        var metrics = new StoreMetrics(services.GetService<IMeterFactory>(), storeName, timeProvider);
        var writes = new WriteMetrics(metrics);
        var serializers = new SerializerRegistry(registration.Serializer(services), services);
        var policies = new EntryPolicies(options.Defaults, options.Policies, storeName: storeName);
        var flights = new FlightTable();
        var clock = new RedisClock(timeProvider);
        var known = new KnownEntries(metrics, clock, timeProvider);
        Report = new HybridStoreReport(policies.Meters, known);
        var (dataSource, ownsDataSource) = ConnectionSources.DataSource(services, registration, options);
        var (standby, ownsStandby) = options.Mode == HybridStoreMode.Cached
            ? ConnectionSources.Standby(services, registration, options)
            : (null, false);
        (Options, TimeProvider, Logger) = (options, timeProvider, logger);
        _postgres = new PostgresGateway(dataSource, ownsDataSource, logger, standby, ownsStandby)
        {
            Scopes = services.GetService<IServiceScopeFactory>(),
        };
        var script = new SchemaScript(options.Journal.Schema, options.Journal.RingDoorbell, options.Journal.RowLimit, registration.Watched);
        var connection = new SchemaConnection(_postgres, options.Journal.ListenerConnectionString);
        Schema = new HybridStoreSchema(script, connection);
        _schemaStarter = options.Mode == HybridStoreMode.Cached && options.Journal.Enabled
            ? new SchemaStarter(Schema, new SchemaInspector(script), connection, options.Journal.InstallAtStart, logger)
            : null;

        var currentWrite = new CurrentWrite();
        _limiter = new LoadLimiter(
            options.LoadLimiter,
            _postgres.PoolSize,
            () => currentWrite.IsInTransaction,
            new LoadLimiterMetrics(metrics),
            timeProvider,
            logger);
        CacheAsideReader? reader = null;
        BatchReader? batchReader = null;
        BatchLoader batchLoader;
        LoadRunner runner;
        TimedLoads timedLoads;
        IEntryExplainer? explainer = null;
        EntryStorer? storer = null;
        IInvalidator invalidator = new NothingToInvalidate();
        var ofApplication = invalidator;
        if (options.Mode == HybridStoreMode.Cached)
        {
            var (connect, ownsMultiplexer) = ConnectionSources.Multiplexer(services, registration, options);
            var calls = new RedisMetrics(metrics);
            Gate = new RecoveryGate();
            _recovery = new RedisRecovery(Gate, new RecoveryMetrics(metrics, Gate), timeProvider, logger);
            var handshake = new RedisHandshake(options, clock, timeProvider, OnTransition, logger, calls);
            Redis = new RedisConnection(connect, ownsMultiplexer, handshake, timeProvider, logger);
            Redis.OnBack = session => _recovery.IsBack([.. Enumerable.Range(0, session.Layout.Partitions.Count)]);
            calls.ObserveCircuits(() => Redis.Session?.Breakers);
            var generations = new RedisGenerations(clock, timeProvider, calls);
            Gateway = new RedisGateway(Redis, generations, Gate, clock, timeProvider, calls);
            _recovery.Proof = options.Journal.Enabled
                ? new MarkProof(Redis, generations, _postgres, options.Journal.RecoveryWait, timeProvider, logger)
                : null;
            var invalidations = new RedisInvalidations(Redis, generations, clock, timeProvider, options.Protocol, calls);
            _dispatcher = new InvalidationDispatcher(
                invalidations,
                Redis,
                flights,
                options.InvalidationRetry,
                writes,
                timeProvider,
                logger,
                options.Protocol);
            _recovery.ServesAgain += _dispatcher.WakeUp;
            invalidator = new ObservedInvalidator(_dispatcher, writes, known, "write");
            ofApplication = new ObservedInvalidator(_dispatcher, writes, known, "application");
            var codec = new EntryCodec(serializers);
            var entries = new EntryReader(codec, clock, logger);
            storer = new EntryStorer(
                Gateway,
                codec,
                metrics,
                known,
                logger,
                options.Protocol,
                new NegativeEntryLimit(options.MaxNegativeEntriesPerSecond, timeProvider, logger));
            _keeper = new LeaseKeeper(Gateway, options.LeaseDuration, metrics, timeProvider);
            var cache = new LoaderCache(
                new LeaseAcquirer(Gateway, options.LeaseWait, timeProvider, options.Protocol, metrics), entries, storer, _keeper);
            runner = new LoadRunner(_postgres, cache, _limiter, metrics, timeProvider, logger, options.Protocol);
            var loader = new EntryLoader(runner, flights, cache, _limiter, metrics, logger, options.Protocol);
            _refresher = new EntryRefresher(runner, cache, _limiter, metrics, timeProvider, logger);
            var marks = new AppliedMarks(new PostgresClock(_postgres, timeProvider, logger));
            var stale = new StaleEntries(Gateway, entries, runner, _dispatcher, marks, metrics, timeProvider, logger);
            timedLoads = new TimedLoads(runner, loader, stale, timeProvider, logger);
            explainer = new EntryExplainer(Redis, new TagSearch(timeProvider), _dispatcher, Gate);
            _verifier = options.VerifyRate > 0
                ? new OnlineVerifier(
                    options.VerifyRate,
                    options.VerifyGrace,
                    runner,
                    _limiter,
                    Gateway,
                    options.Journal.Enabled,
                    codec,
                    _dispatcher,
                    explainer,
                    new VerifierMetrics(metrics, timeProvider),
                    timeProvider,
                    logger)
                : null;
            reader = new CacheAsideReader(
                Gateway, entries, runner, loader, timedLoads, _refresher, _dispatcher, metrics, known, marks, _verifier, options.Protocol?.Gate);
            batchLoader = new BatchLoader(
                runner,
                loader,
                timedLoads,
                flights,
                new BatchFlight(Gateway, runner, flights, cache, metrics, timeProvider, options.Protocol),
                _limiter,
                logger,
                options.Protocol);
            WarmMarks = new WarmMarks(Redis, generations);
            Warmer = new CacheWarmer(Gateway, entries, runner, storer, timeProvider, logger, options.Protocol);
            batchReader = new BatchReader(
                Gateway, reader, batchLoader, _dispatcher, metrics, known, marks, stale, timeProvider, options.Protocol?.Gate);
            Janitor = new CacheJanitor(Redis, options.KeyPrefix, options.JanitorInterval * JanitorRest, metrics, timeProvider, logger);
            _janitorSchedule = options.JanitorInterval == TimeSpan.Zero
                ? null
                : new JanitorSchedule(Janitor, Redis, options.JanitorInterval, timeProvider, logger);
            ServerWatch = options.ServerWatch.Interval == TimeSpan.Zero
                ? null
                : new ServerWatch(Redis, options.ServerWatch, metrics, policies.Meters, timeProvider, logger);
            MarkClock = marks.Clock;
            if (options.Journal is { Enabled: true, RunListener: true })
            {
                (_listenerSource, _ownsListenerSource) = ConnectionSources.Listener(registration, options.Journal, dataSource);
                _listener = new JournalListener(
                    _listenerSource,
                    options.Journal,
                    Redis,
                    invalidations,
                    generations,
                    new JournalMetrics(metrics),
                    timeProvider,
                    logger,
                    options.Protocol);
                _recovery.ServesAgain += _listener.RetryNow;
            }
        }
        else
        {
            runner = new LoadRunner(_postgres, cache: null, _limiter, metrics, timeProvider, logger, options.Protocol);
            var loader = new EntryLoader(runner, flights, cache: null, _limiter, metrics, logger, options.Protocol);
            timedLoads = new TimedLoads(runner, loader, stale: null, timeProvider, logger);
            batchLoader = new BatchLoader(
                runner,
                loader,
                timedLoads,
                flights,
                new BatchFlight(gateway: null, runner, flights, cache: null, metrics, timeProvider),
                _limiter,
                logger);
        }

        Store = new CacheAsideStore(new StoreParts(
            policies,
            serializers,
            reader,
            runner,
            timedLoads,
            batchReader,
            batchLoader,
            Warmer,
            explainer,
            new TransactionalWriter(
                _postgres,
                invalidator,
                new StrictWriting(options.StrictWrites, options.OnFenceFailure, options.FenceTtl, timeProvider),
                DurableWriting.Of(options.Journal),
                new WriteThrough(policies, serializers, runner, Gateway, storer, timeProvider, options.Protocol),
                currentWrite,
                writes,
                logger,
                options.Protocol),
            new ForeignInvalidations(ofApplication, options.Mode == HybridStoreMode.Cached ? new TransactionLookup(_postgres, logger) : null),
            metrics,
            options.Journal.Enabled,
            flights.Versions), ReadOptions.Default);

        void OnTransition(IReadOnlyList<int> partitions, CircuitTransition transition)
        {
            RedisLog.Circuit(logger, transition);
            _recovery!.Hear(partitions, transition);
        }
    }

    public CacheAsideStore Store { get; }

    /// <summary>Which partitions are not read yet after an outage; null where Redis is not used.</summary>
    public RecoveryGate? Gate { get; }

    /// <summary>Null unless hits are verified.</summary>
    public OnlineVerifier? Verifier => _verifier;

    /// <summary>What bounds the loads that run at once.</summary>
    public LoadLimiter Limiter => _limiter;

    public HybridStoreSchema Schema { get; }

    public HybridStoreReport Report { get; }

    /// <summary>Null where Redis is not used.</summary>
    public RedisConnection? Redis { get; }

    public RedisGateway? Gateway { get; }

    /// <summary>Null where Redis is not used.</summary>
    public CacheWarmer? Warmer { get; }

    /// <summary>Null where Redis is not used.</summary>
    public WarmMarks? WarmMarks { get; }

    public CacheJanitor? Janitor { get; }

    public HybridStoreOptions Options { get; }

    public TimeProvider TimeProvider { get; }

    public ILogger Logger { get; }

    public PostgresGateway Postgres => _postgres;

    /// <summary>Null where Redis is not used, or its servers are not watched.</summary>
    public ServerWatch? ServerWatch { get; }

    /// <summary>Null where Redis is not used.</summary>
    public InvalidationDispatcher? Invalidations => _dispatcher;

    /// <summary>PostgreSQL's clock, by which applied marks are judged; null where Redis is not used.</summary>
    public PostgresClock? MarkClock { get; }

    /// <summary>Null where this process does not stand ready to apply the journal.</summary>
    public JournalListener? Listener => _listener;

    /// <exception cref="NotSupportedException">PostgreSQL is too old.</exception>
    /// <exception cref="InvalidOperationException">The schema of the journal is missing, does not watch what it should, or cannot be listened
    /// to.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Redis?.Start();
        _janitorSchedule?.Start();
        ServerWatch?.Start();
        await _postgres.CheckVersionAsync(cancellationToken).ConfigureAwait(false);
        if (_schemaStarter is not null)
        {
            await _schemaStarter.StartAsync(cancellationToken).ConfigureAwait(false);
        }

        if (_listener is not null)
        {
            await _listener.StartAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>For containers that are disposed synchronously, which refuse services that only know the other way. It does not wait:
    /// what is pending gets its last attempt behind it.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (ServerWatch is not null)
        {
            await ServerWatch.DisposeAsync().ConfigureAwait(false);
        }

        if (_listener is not null)
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
        }

        if (_ownsListenerSource && _listenerSource is not null)
        {
            await _listenerSource.DisposeAsync().ConfigureAwait(false);
        }

        if (_janitorSchedule is not null)
        {
            await _janitorSchedule.DisposeAsync().ConfigureAwait(false);
        }

        if (_verifier is not null)
        {
            await _verifier.DisposeAsync().ConfigureAwait(false);
        }

        if (_refresher is not null)
        {
            await _refresher.DisposeAsync().ConfigureAwait(false);
        }

        if (_recovery is not null)
        {
            await _recovery.DisposeAsync().ConfigureAwait(false);
        }

        if (_dispatcher is not null)
        {
            await _dispatcher.DisposeAsync().ConfigureAwait(false);
        }

        _keeper?.Dispose();
        if (Redis is not null)
        {
            await Redis.DisposeAsync().ConfigureAwait(false);
        }

        await _postgres.DisposeAsync().ConfigureAwait(false);
    }
}
