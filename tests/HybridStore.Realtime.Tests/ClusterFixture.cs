using HybridStore.Servers;

namespace HybridStore.Realtime.Tests;

/// <summary>A Redis Cluster of three masters.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private RedisCluster? _cluster;

    public RedisCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster has not been started.");

    public async ValueTask InitializeAsync() => _cluster = await RedisCluster.StartAsync(TestContext.Current.CancellationToken);

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
