using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests;

/// <summary>One PostgreSQL and one Redis server.</summary>
internal sealed class SingleServers(TestServers servers) : IStoreServers
{
    public string RedisConnectionString => servers.Redis.ConnectionString;

    public Task<string> CreateDatabaseAsync(CancellationToken cancellationToken) => servers.Postgres.CreateDatabaseAsync(cancellationToken);

    public async Task<IDatabase> ConnectToRedisAsync() => (await servers.Redis.ConnectDirectlyAsync()).GetDatabase();

    public Task<RedisResult> RunInRedisAsync(params string[] command) => servers.Redis.RunAsync(command);
}
