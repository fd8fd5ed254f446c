using HybridStore.Benchmarks.Workload;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>Microsoft's HybridCache with Redis as its second level, and its first level passed by.</summary>
internal sealed class HybridCacheContender : Contender
{
    private static readonly string[] Names = Keys(string.Empty);

    private readonly ServiceProvider _services;
    private readonly IConnectionMultiplexer _multiplexer;
    private readonly HybridCache _cache;

    private HybridCacheContender(ProductTable table, ServiceProvider services, IConnectionMultiplexer multiplexer)
        : base("hybridcache", table)
    {
        _services = services;
        _multiplexer = multiplexer;
        _cache = services.GetRequiredService<HybridCache>();
    }

    public static async Task<HybridCacheContender> StartAsync(ProductTable table, string redis)
    {
        var multiplexer = await RedisConnections.ConnectAsync(redis);
        var services = new ServiceCollection();
        services.AddStackExchangeRedisCache(options =>
        {
            options.InstanceName = "hybridcache:";
            options.ConnectionMultiplexerFactory = () => Task.FromResult(multiplexer);
        });
        services.AddHybridCache(options => options.DefaultEntryOptions = new HybridCacheEntryOptions
        {
            Expiration = TimeSpan.FromHours(1),
            Flags = HybridCacheEntryFlags.DisableLocalCache,
        });
        return new HybridCacheContender(table, services.BuildServiceProvider(), multiplexer);
    }

    public override ValueTask<Product> ReadAsync(int id) => _cache.GetOrCreateAsync(
        Names[id], (Contender: this, id), static (state, token) => state.Contender.LoadAsync(state.id, token));

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _multiplexer.DisposeAsync();
    }
}
