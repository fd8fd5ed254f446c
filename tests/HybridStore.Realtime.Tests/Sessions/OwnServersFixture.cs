using HybridStore.Servers;

namespace HybridStore.Realtime.Tests.Sessions;

/// <summary>Servers that the tests of one class, which run one after another, may stop, empty and cut off. Each leaves them running.</summary>
public sealed class OwnServersFixture : IAsyncLifetime
{
    private TestServers? _servers;

    public TestServers Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

    public async ValueTask InitializeAsync() =>
        _servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }
}
