namespace HybridStore.IntegrationTests.Exploring;

/// <summary>The explorer that its test classes share, one after the other.</summary>
public sealed class ExploringFixture(ServersFixture servers) : IAsyncLifetime
{
    private Explorer? _explorer;

    internal Explorer Explorer => _explorer ?? throw new InvalidOperationException("The explorer has not been started.");

    public async ValueTask InitializeAsync() => _explorer = await Explorer.StartAsync(servers.Servers);

    public async ValueTask DisposeAsync()
    {
        if (_explorer is not null)
        {
            await _explorer.DisposeAsync();
        }
    }
}

/// <summary>Classes that explore: each takes the machine for itself.</summary>
[CollectionDefinition(nameof(Exploring))]
public sealed class ExploringClasses : ICollectionFixture<ExploringFixture>;
