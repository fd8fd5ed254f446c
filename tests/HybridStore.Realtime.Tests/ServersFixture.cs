using HybridStore.Realtime.Tests;
using HybridStore.Servers;

[assembly: AssemblyFixture(typeof(ServersFixture))]

namespace HybridStore.Realtime.Tests;

/// <summary>The servers that all test classes share; a class takes this as a constructor parameter. Tests that stop, empty or disturb a server
/// start one of their own, and so do those that count its calls.</summary>
public sealed class ServersFixture : IAsyncLifetime
{
    private TestServers? _servers;

    public TestServers Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

    public async ValueTask InitializeAsync() => _servers = await TestServers.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }
}
