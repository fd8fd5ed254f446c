using HybridStore.Servers;
using HybridStore.Servers.Hosting;

namespace HybridStore.IntegrationTests.Servers;

/// <summary>Nodes of a Redis Cluster and PgBouncer are processes of this machine wherever the other servers are.</summary>
public sealed class ClusterAndPoolerTests(ServersFixture servers)
{
    private static readonly Machine Bare = new() { Variable = _ => null, SystemFolders = [] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cluster_without_its_programs_says_what_to_install()
    {
        var exception = await Assert.ThrowsAsync<ServersUnavailableException>(() => RedisCluster.StartAsync(Bare, Cancellation));

        Assert.Contains("apt-get install -y redis-server", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PgBouncer_without_its_program_says_what_to_install()
    {
        var exception = await Assert.ThrowsAsync<ServersUnavailableException>(
            () => PgBouncerServer.StartAsync(servers.Postgres, Bare, Cancellation));

        Assert.Contains("apt-get install -y pgbouncer", exception.Message, StringComparison.Ordinal);
    }
}
