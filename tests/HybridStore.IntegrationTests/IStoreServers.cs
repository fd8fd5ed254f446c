using StackExchange.Redis;

namespace HybridStore.IntegrationTests;

/// <summary>Where the stores of a test find PostgreSQL and Redis: what is promised is the same on all of them.</summary>
public interface IStoreServers
{
    /// <summary>How stores connect to Redis.</summary>
    string RedisConnectionString { get; }

    /// <summary>A new, empty database, by the way on which stores connect to it.</summary>
    Task<string> CreateDatabaseAsync(CancellationToken cancellationToken);

    /// <summary>Redis past the stores.</summary>
    Task<IDatabase> ConnectToRedisAsync();

    /// <summary>Runs one command in Redis past the stores. On a cluster its first argument is a key, and says where.</summary>
    Task<RedisResult> RunInRedisAsync(params string[] command);
}
