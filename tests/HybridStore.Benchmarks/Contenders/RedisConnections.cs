using StackExchange.Redis;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>Clients of Redis with the same settings for every contender, one each.</summary>
internal static class RedisConnections
{
    public static async Task<IConnectionMultiplexer> ConnectAsync(string connectionString)
    {
        var configuration = ConfigurationOptions.Parse(connectionString);
        configuration.AbortOnConnectFail = true;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        return await ConnectionMultiplexer.ConnectAsync(configuration);
    }
}
