using HybridStore.Servers;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Pooling;

/// <summary>PgBouncer in transaction mode before the PostgreSQL server that all tests share.</summary>
public sealed class PoolingFixture(ServersFixture servers) : IAsyncLifetime
{
    private PgBouncerServer? _pooler;

    public PgBouncerServer Pooler => _pooler ?? throw new InvalidOperationException("PgBouncer has not been started.");

    public ServersFixture Servers => servers;

    /// <summary>With Npgsql's own settings.</summary>
    public IStoreServers WithDefaults => new Pooled(this, settings: "");

    /// <summary>As PgBouncer's users set Npgsql up: nothing is reset when a connection is given back, and nothing is prepared.</summary>
    public IStoreServers WithUsualSettings => new Pooled(this, "No Reset On Close=true;Max Auto Prepare=0");

    public async ValueTask InitializeAsync() =>
        _pooler = await PgBouncerServer.StartAsync(servers.Postgres, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_pooler is not null)
        {
            await _pooler.DisposeAsync();
        }
    }

    private sealed class Pooled(PoolingFixture fixture, string settings) : IStoreServers
    {
        private readonly IStoreServers _servers = fixture.Servers;

        public string RedisConnectionString => _servers.RedisConnectionString;

        public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken) => new NpgsqlConnectionStringBuilder(
            $"{fixture.Pooler.To(await _servers.CreateDatabaseAsync(cancellationToken))};{settings}").ConnectionString;

        public Task<IDatabase> ConnectToRedisAsync() => _servers.ConnectToRedisAsync();

        public Task<RedisResult> RunInRedisAsync(params string[] command) => _servers.RunInRedisAsync(command);
    }
}

/// <summary>The tests behind PgBouncer share one and run one after another.</summary>
[CollectionDefinition]
public sealed class PoolingDefinition : ICollectionFixture<PoolingFixture>;
