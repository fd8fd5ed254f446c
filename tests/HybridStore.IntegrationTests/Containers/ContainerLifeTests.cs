using Docker.DotNet.Models;
using HybridStore.Servers;
using HybridStore.Servers.Containers;
using Npgsql;
using static HybridStore.IntegrationTests.Servers.OwnServers;

namespace HybridStore.IntegrationTests.Containers;

/// <summary>Servers in containers take what they are told and leave nothing behind.</summary>
[Collection<ContainersDefinition>]
[Trait("Category", "Containers")]
public sealed class ContainerLifeTests(ContainersFixture containers)
{
    private static readonly TestServersOptions InContainers = new() { Source = ServerSource.Containers };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [ContainersFact]
    public async Task Settings_and_arguments_reach_the_servers()
    {
        var options = InContainers with
        {
            Fsync = true,
            PostgresSettings = new Dictionary<string, string> { ["work_mem"] = "5MB" },
            RedisArguments = ["--maxmemory", "16mb"],
        };
        await using var servers = await TestServers.StartAsync(options, Cancellation);
        Assert.Equal(ServerSource.Containers, servers.Source);
        Assert.Equal("on", await QueryAsync(servers.Postgres.ConnectionString, "show fsync"));
        Assert.Equal("5MB", await QueryAsync(servers.Postgres.ConnectionString, "show work_mem"));
        Assert.Equal("logical", await QueryAsync(servers.Postgres.ConnectionString, "show wal_level"));
        Assert.Equal("16777216", (string?)(await servers.Redis.RunAsync("CONFIG", "GET", "maxmemory"))[1]);
    }

    [ContainersFact]
    public async Task Disposal_removes_the_containers_paused_ones_too()
    {
        var servers = await TestServers.StartAsync(InContainers, Cancellation);
        var port = new NpgsqlConnectionStringBuilder(servers.Postgres.DirectConnectionString).Port;
        var container = Assert.Single(await ListAsync(), one => one.Ports.Any(published => published.PublicPort == port));
        await servers.Postgres.PauseAsync(Cancellation);

        await servers.DisposeAsync();

        Assert.DoesNotContain(await ListAsync(), one => one.ID == container.ID);
    }

    [ContainersFact]
    public async Task A_failed_start_shows_the_end_of_the_servers_log()
    {
        var options = InContainers with { PostgresSettings = new Dictionary<string, string> { ["no_such_setting"] = "1" } };
        var exception = await Assert.ThrowsAsync<ServersUnavailableException>(() => TestServers.StartAsync(options, Cancellation));
        Assert.Contains("unrecognized configuration parameter \"no_such_setting\"", exception.Message, StringComparison.Ordinal);
    }

    [ContainersFact]
    public async Task The_log_of_a_running_server_can_be_read()
    {
        await containers.StartAllAsync(Cancellation);
        Assert.Contains(
            "ready to accept connections", await containers.Servers.Postgres.ReadLogTailAsync(Cancellation), StringComparison.Ordinal);
    }

    private static async Task<IList<ContainerListResponse>> ListAsync()
    {
        using var docker = DockerEngine.CreateClient();
        return await docker.Containers.ListContainersAsync(new ContainersListParameters { All = true }, Cancellation);
    }
}
