using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Containers;

/// <summary>Containers of the tests' own, to stop and to kill.</summary>
public sealed class ContainersFixture : IAsyncLifetime
{
    private TestServers? _servers;

    public TestServers Servers => _servers ?? throw new InvalidOperationException("The containers have not been started.");

    public async ValueTask InitializeAsync() =>
        _servers = await TestServers.StartAsync(new TestServersOptions { Source = ServerSource.Containers });

    /// <summary>Both servers run, whatever the test before has done.</summary>
    public async Task<TestServers> StartAllAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Servers.Postgres.StartAsync(cancellationToken), Servers.Redis.StartAsync(cancellationToken));
        return Servers;
    }

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }
}

/// <summary>The tests on containers share one pair and run one after another.</summary>
[CollectionDefinition]
public sealed class ContainersDefinition : ICollectionFixture<ContainersFixture>;
