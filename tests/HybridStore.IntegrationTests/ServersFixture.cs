using HybridStore.IntegrationTests;
using HybridStore.Servers;
using StackExchange.Redis;

[assembly: AssemblyFixture(typeof(ServersFixture))]

namespace HybridStore.IntegrationTests;

/// <summary>
/// The servers that all test classes share; a class takes this as a constructor parameter. Tests that stop or disturb a
/// server start one of their own.
/// </summary>
public sealed class ServersFixture : IAsyncLifetime, IStoreServers
{
    private TestServers? _servers;

    public TestServers Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

    public PostgresServer Postgres => Servers.Postgres;

    public RedisServer Redis => Servers.Redis;

    string IStoreServers.RedisConnectionString => Redis.ConnectionString;

    public async ValueTask InitializeAsync() => _servers = await TestServers.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }

    Task<string> IStoreServers.CreateDatabaseAsync(CancellationToken cancellationToken) => Postgres.CreateDatabaseAsync(cancellationToken);

    async Task<IDatabase> IStoreServers.ConnectToRedisAsync() => (await Redis.ConnectDirectlyAsync()).GetDatabase();

    Task<RedisResult> IStoreServers.RunInRedisAsync(params string[] command) => Redis.RunAsync(command);
}
