using HybridStore.Diagnostics;
using HybridStore.Policies;
using HybridStore.Postgres;
using HybridStore.Reading;
using HybridStore.Resilience.LoadLimiting;
using HybridStore.Serialization;
using HybridStore.Tests.Redis;
using HybridStore.Usage;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace HybridStore.Tests.Reading;

/// <summary>A loader over a PostgreSQL that is never asked and a Redis that grants and refuses as told.</summary>
internal sealed class LoaderUnderTest : IDisposable
{
    private readonly NpgsqlDataSource _dataSource = NpgsqlDataSource.Create("Host=localhost");
    private readonly LoadLimiter _limiter;

    public LoaderUnderTest(LoadLimiterOptions? limits = null)
    {
        // The scripted client answers at once.
        Connection = Task.Run(() => ConnectionUnderTest.StartAsync(Redis)).GetAwaiter().GetResult();
        var metrics = new StoreMetrics(null, "test");
        var codec = new EntryCodec(new SerializerRegistry(new JsonHybridStoreSerializer()));
        Keeper = new LeaseKeeper(Connection.Gateway, LeaseDuration, metrics, KeeperClock);
        Leases = new LeaseAcquirer(Connection.Gateway, TimeSpan.FromSeconds(1), Connection.Clock);
        var cache = new LoaderCache(
            Leases,
            new EntryReader(codec, Connection.RedisClock, Logger),
            new EntryStorer(
                Connection.Gateway, codec, metrics, new KnownEntries(metrics, Connection.RedisClock, Connection.Clock), Logger),
            Keeper);
        _limiter = new LoadLimiter(limits ?? new LoadLimiterOptions(), poolSize: 100, () => false, metrics: null, TimeProvider.System, Logger);
        Runner = new LoadRunner(
            new PostgresGateway(_dataSource, ownsDataSource: false, Logger), cache, _limiter, metrics, TimeProvider.System, Logger);
        Loader = new EntryLoader(Runner, Flights, cache, _limiter, metrics, Logger);
        Refresher = new EntryRefresher(Runner, cache, _limiter, metrics, RefresherClock, Logger);
    }

    /// <summary>How long the leases last that are kept.</summary>
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(6);

    public ScriptedRedis Redis { get; } = new();

    public ConnectionUnderTest Connection { get; }

    public RecordingLogger Logger { get; } = new();

    public FlightTable Flights { get; } = new();

    public LeaseAcquirer Leases { get; }

    /// <summary>The clock by which leases are renewed; nothing else goes by it.</summary>
    public FakeTimeProvider KeeperClock { get; } = new();

    public LeaseKeeper Keeper { get; }

    /// <summary>The clock by which refreshes are waited for.</summary>
    public TimerWatch RefresherClock { get; } = new();

    public LoadRunner Runner { get; }

    public EntryLoader Loader { get; }

    public EntryRefresher Refresher { get; }

    /// <summary>Reads as callers do; when this returns its task, the caller has joined a flight.</summary>
    public Task<T> ReadAsync<T>(
        string key, Func<LoadContext, CancellationToken, ValueTask<T>> load, CancellationToken cancellationToken = default) =>
        Loader.LoadSharedAsync(Request(key, load), ReadOnlyMemory<byte>.Empty, cancellationToken).AsTask();

    public Task<T> ReadAsync<T>(string key, Func<CancellationToken, Task<T>> load, CancellationToken cancellationToken = default) =>
        ReadAsync(key, (_, token) => new ValueTask<T>(load(token)), cancellationToken);

    public void RefreshBehind<T>(string key, Func<CancellationToken, Task<T>> load) =>
        Refresher.RefreshBehind(Request<T>(key, (_, token) => new ValueTask<T>(load(token))), default, age: TimeSpan.Zero);

    public static LoadRequest<Func<LoadContext, CancellationToken, ValueTask<T>>, T> Request<T>(
        string key, Func<LoadContext, CancellationToken, ValueTask<T>> load) =>
        new(key, load, static (call, context, token) => call(context, token), EntrySettings.Default);

    public void Dispose() => _dataSource.Dispose();
}
