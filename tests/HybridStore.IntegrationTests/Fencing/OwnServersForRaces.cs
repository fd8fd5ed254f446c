using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Servers of one test class alone: no transaction runs there but its own, and its Redis may be filled up.</summary>
public sealed class OwnServersForRaces : IAsyncLifetime
{
    private TestServers? _servers;

    public TestServers Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

    public async ValueTask InitializeAsync() => _servers = await TestServers.StartAsync(new TestServersOptions
    {
        Controllable = true,

        // Its transactions would have ids of their own.
        PostgresSettings = new Dictionary<string, string> { ["autovacuum"] = "off" },
    });

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }
}
