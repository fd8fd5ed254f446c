using HybridStore.Benchmarks.Workload;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>FusionCache with Redis as its second level, and its first level passed by.</summary>
internal sealed class FusionCacheContender : Contender
{
    private static readonly string[] Names = Keys(string.Empty);

    private readonly IConnectionMultiplexer _multiplexer;
    private readonly RedisCache _redis;
    private readonly FusionCache _cache;

    private FusionCacheContender(ProductTable table, IConnectionMultiplexer multiplexer)
        : base("fusion", table)
    {
        _multiplexer = multiplexer;
        _redis = new RedisCache(new RedisCacheOptions
        {
            InstanceName = "fusion:",
            ConnectionMultiplexerFactory = () => Task.FromResult(multiplexer),
        });

        // Without tags, and storing behind its callers as the others do, it is at its fastest.
        _cache = new FusionCache(new FusionCacheOptions
        {
            DisableTagging = true,
            DefaultEntryOptions = new FusionCacheEntryOptions(TimeSpan.FromHours(1))
            {
                AllowBackgroundDistributedCacheOperations = true,
            }.SetSkipMemoryCache(),
        });
        _cache.SetupDistributedCache(_redis, new JsonFusionCacheSerializer());
    }

    public static async Task<FusionCacheContender> StartAsync(ProductTable table, string redis) =>
        new(table, await RedisConnections.ConnectAsync(redis));

    public override ValueTask<Product> ReadAsync(int id) =>
        _cache.GetOrSetAsync<Product>(Names[id], (_, token) => LoadAsync(id, token).AsTask());

    public override async ValueTask DisposeAsync()
    {
        _cache.Dispose();
        _redis.Dispose();
        await _multiplexer.DisposeAsync();
    }
}
