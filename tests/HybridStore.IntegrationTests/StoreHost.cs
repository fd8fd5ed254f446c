using HybridStore.Redis.Generations;
using HybridStore.Registration;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests;

/// <summary>One application with a store of its own: a fresh database, a key prefix that nobody else uses, and Redis connected.</summary>
internal sealed class StoreHost : IAsyncDisposable
{
    // The tests that are not about time-outs leave a busy machine time to answer.
    private static readonly TimeSpan PatientTimeout = TimeSpan.FromSeconds(2);

    private readonly ServiceProvider _services;
    private readonly IStoreServers _servers;

    private StoreHost(ServiceProvider services, IStoreServers servers, string prefix, string database)
    {
        _services = services;
        _servers = servers;
        Prefix = prefix;
        ConnectionString = database;
        DataSource = NpgsqlDataSource.Create(database);
    }

    public string Prefix { get; }

    /// <summary>The database's connection string, on the way of the store.</summary>
    public string ConnectionString { get; }

    /// <summary>Access past the store, for arranging and checking rows.</summary>
    public NpgsqlDataSource DataSource { get; }

    public IServiceProvider Services => _services;

    public IHybridStore Store => _services.GetRequiredService<IHybridStore>();

    public StoreRoot Root => _services.GetRequiredService<StoreRoot>();

    public FakeLogCollector Logs => _services.GetRequiredService<FakeLogCollector>();

    public static Task<StoreHost> StartAsync(
        TestServers servers,
        Action<HybridStoreOptions>? configure = null,
        Action<IServiceCollection, IHybridStoreBuilder>? register = null,
        StoreHost? besides = null,
        bool waitForRedis = true) =>
        StartAsync(new SingleServers(servers), configure, register, besides, waitForRedis);

    /// <param name="servers">The servers.</param>
    /// <param name="configure">Changes options.</param>
    /// <param name="register">Adds services.</param>
    /// <param name="besides">Another instance of the same application: same database, same prefix.</param>
    /// <param name="waitForRedis">False where Redis is away.</param>
    /// <param name="database">A database that is there already.</param>
    public static async Task<StoreHost> StartAsync(
        IStoreServers servers,
        Action<HybridStoreOptions>? configure = null,
        Action<IServiceCollection, IHybridStoreBuilder>? register = null,
        StoreHost? besides = null,
        bool waitForRedis = true,
        string? database = null)
    {
        var cancellation = TestContext.Current.CancellationToken;
        database ??= besides?.ConnectionString ?? await servers.CreateDatabaseAsync(cancellation);
        var prefix = besides?.Prefix ?? RedisServer.NewKeyPrefix().TrimEnd(':');
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddFakeLogging());
        var builder = services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = database;
            options.RedisConnectionString = servers.RedisConnectionString;
            options.KeyPrefix = prefix;
            options.RedisTimeout = PatientTimeout;

            // What tests count of calls and bytes is their own.
            options.ServerWatch.Interval = TimeSpan.Zero;
            configure?.Invoke(options);
        });
        register?.Invoke(services, builder);
        var host = new StoreHost(services.BuildServiceProvider(), servers, prefix, database);
        await host.Root.StartAsync(cancellation);
        if (waitForRedis && host.Root.Redis is { } redis)
        {
            await redis.Ready.WaitAsync(TimeSpan.FromSeconds(10), cancellation);
            await host.Root.Gateway!.ReadAsync("none", allowReplicas: false, cancellation);
        }

        return host;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The generation in which this instance reads and writes.</summary>
    public Generation Generation => Root.Redis!.Session!.Generations.Current ?? throw new InvalidOperationException("Nothing has been read yet.");

    /// <summary>The physical name of an entry.</summary>
    public RedisKey EntryName(string key)
    {
        return Generation.Entry(Root.Redis!.Session!.Layout.PartitionOf(key), key);
    }

    /// <summary>Redis through a client that shares nothing with the store.</summary>
    public Task<RedisResult> RedisAsync(string command, params string[] arguments) => _servers.RunInRedisAsync([command, .. arguments]);

    /// <summary>Everything that the store has sent to Redis so far is done.</summary>
    public async Task SettleAsync()
    {
        // On a cluster each partition's master is asked; what the store has sent to it comes before.
        var session = Root.Redis!.Session!;
        await Task.WhenAll(Enumerable.Range(0, session.Layout.Partitions.Count).Select(
            partition => session.Database.KeyExistsAsync(session.Layout.State(partition), CommandFlags.DemandMaster)));
    }

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _services.DisposeAsync();
    }
}
