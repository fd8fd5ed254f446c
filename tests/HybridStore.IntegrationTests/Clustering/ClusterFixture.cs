using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Clustering;

/// <summary>A Redis Cluster, and the PostgreSQL server that all tests share.</summary>
public sealed class ClusterFixture(ServersFixture servers) : IAsyncLifetime, IStoreServers
{
    private RedisCluster? _cluster;

    public RedisCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster has not been started.");

    public string RedisConnectionString => Cluster.ConnectionString;

    public async ValueTask InitializeAsync() => _cluster = await RedisCluster.StartAsync(TestContext.Current.CancellationToken);

    public Task<string> CreateDatabaseAsync(CancellationToken cancellationToken) => servers.Postgres.CreateDatabaseAsync(cancellationToken);

    public Task<IDatabase> ConnectToRedisAsync() => Task.FromResult(Cluster.Connection.GetDatabase());

    public Task<RedisResult> RunInRedisAsync(params string[] command) => Cluster.RunAsync(command);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}

/// <summary>The tests that leave the cluster as it was share one and run one after another.</summary>
[CollectionDefinition]
public sealed class ClusterDefinition : ICollectionFixture<ClusterFixture>;
