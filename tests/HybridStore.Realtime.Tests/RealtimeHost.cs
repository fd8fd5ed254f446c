using HybridStore.Realtime.Registration;
using HybridStore.Registration;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests;

/// <summary>One application with services beside its store: a fresh database with the tables installed, a key prefix that nobody else uses, and
/// Redis connected.</summary>
internal sealed class RealtimeHost : IAsyncDisposable
{
    // The tests that are not about time-outs leave a busy machine time to answer.
    private static readonly TimeSpan PatientTimeout = TimeSpan.FromSeconds(2);

    private readonly ServiceProvider _services;
    private readonly List<IHostedService> _started = [];
    private bool _isStopped;

    private RealtimeHost(ServiceProvider services, string prefix, string database, string redis)
    {
        _services = services;
        (Prefix, ConnectionString, RedisConnectionString) = (prefix, database, redis);
        DataSource = NpgsqlDataSource.Create(database);
    }

    public string Prefix { get; }

    /// <summary>The database's connection string, on the way of the store.</summary>
    public string ConnectionString { get; }

    /// <summary>Redis's connection string, on the way of the store.</summary>
    public string RedisConnectionString { get; }

    /// <summary>Access past the store, for arranging and checking rows.</summary>
    public NpgsqlDataSource DataSource { get; }

    public IServiceProvider Services => _services;

    public RealtimeRoot Root => _services.GetRequiredService<RealtimeRoot>();

    public FakeLogCollector Logs => _services.GetRequiredService<FakeLogCollector>();

    /// <summary>What the services see of Redis.</summary>
    public IDatabase Redis => _services.GetRequiredService<StoreRoot>().Redis!.Session!.Database;

    /// <param name="servers">The servers.</param>
    /// <param name="register">Adds the services.</param>
    /// <param name="configure">Changes options of the store.</param>
    /// <param name="besides">Another instance of the same application: same database, same prefix.</param>
    /// <param name="redis">Another Redis than that of the servers, such as a cluster.</param>
    /// <param name="waitForRedis">False where Redis is away.</param>
    /// <param name="time">A clock to be moved by hand.</param>
    public static async Task<RealtimeHost> StartAsync(
        TestServers servers,
        Action<IHybridStoreBuilder> register,
        Action<HybridStoreOptions>? configure = null,
        RealtimeHost? besides = null,
        string? redis = null,
        bool waitForRedis = true,
        TimeProvider? time = null)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var database = besides?.ConnectionString ?? await servers.Postgres.CreateDatabaseAsync(cancellation);
        var prefix = besides?.Prefix ?? RedisServer.NewKeyPrefix().TrimEnd(':');
        redis ??= besides?.RedisConnectionString ?? servers.Redis.ConnectionString;
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddFakeLogging());
        if (time is not null)
        {
            services.AddSingleton(time);
        }

        var builder = services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = database;
            options.RedisConnectionString = redis;
            options.KeyPrefix = prefix;
            options.RedisTimeout = PatientTimeout;
            options.CircuitBreaker.BreakDuration = CircuitBreakerOptions.MinimumBreakDuration;
            options.ServerWatch.Interval = TimeSpan.Zero;
            configure?.Invoke(options);
        });
        builder.ConfigureRealtime(realtime => realtime.InstallAtStart = true);
        register(builder);
        var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
        var host = new RealtimeHost(provider, prefix, database, redis);
        try
        {
            provider.GetService<IStartupValidator>()?.Validate();
            foreach (var service in provider.GetServices<IHostedService>())
            {
                await service.StartAsync(cancellation);
                host._started.Add(service);
            }

            if (waitForRedis)
            {
                await provider.GetRequiredService<StoreRoot>().Redis!.Ready.WaitAsync(TimeSpan.FromSeconds(10), cancellation);
            }

            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Removes keys of this host's prefix, as a Redis does that loses them.</summary>
    /// <param name="pattern">As KEYS takes it, behind the prefix.</param>
    public async Task ForgetAsync(string pattern)
    {
        foreach (var server in Redis.Multiplexer.GetServers().Where(server => !server.IsReplica))
        {
            await foreach (var key in server.KeysAsync(pattern: $"{Prefix}:{pattern}"))
            {
                await Redis.KeyDeleteAsync(key);
            }
        }
    }

    /// <summary>The first message with an event id, once it is there.</summary>
    public async Task<string> LoggedAsync(int eventId)
    {
        string? message = null;
        await Eventually.HappensAsync(
            () => (message = Logs.GetSnapshot().FirstOrDefault(line => line.Id.Id == eventId)?.Message) is not null, $"event {eventId} is logged");
        return message!;
    }

    /// <summary>Stops the services as a host does, the last first.</summary>
    public async Task StopAsync()
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        for (var index = _started.Count - 1; index >= 0; index--)
        {
            await _started[index].StopAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await DataSource.DisposeAsync();
        await _services.DisposeAsync();
    }
}
