using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>Servers of one test class alone, which may stop them and disturb the network before them.</summary>
public sealed class OwnServersFixture : IAsyncLifetime
{
    private TestServers? _servers;

    public TestServers Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

    public async ValueTask InitializeAsync() => _servers = await TestServers.StartAsync(new TestServersOptions
    {
        // Nobody waits for this standby unless he asks for it with SET LOCAL synchronous_commit: his COMMIT then hangs for ever.
        PostgresSettings = new Dictionary<string, string>
        {
            ["synchronous_standby_names"] = "nobody",
            ["synchronous_commit"] = "local",
        },
    });

    /// <summary>Undoes what a test has left behind.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        Servers.Postgres.Proxy.Restore();
        Servers.Redis.Proxy.Restore();
        await Servers.Postgres.StartAsync(cancellationToken);
        await Servers.Redis.StartAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }
}
