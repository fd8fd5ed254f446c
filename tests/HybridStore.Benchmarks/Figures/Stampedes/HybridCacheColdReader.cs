using HybridStore.Benchmarks.Contenders;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>Microsoft's HybridCache with both of its levels.</summary>
internal sealed class HybridCacheColdReader : ColdReader
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly IConnectionMultiplexer _multiplexer;
    private readonly ServiceProvider _services;
    private readonly HybridCache _cache;

    private HybridCacheColdReader(NpgsqlDataSource dataSource, IConnectionMultiplexer multiplexer, ServiceProvider services)
    {
        (_dataSource, _multiplexer, _services) = (dataSource, multiplexer, services);
        _cache = services.GetRequiredService<HybridCache>();
    }

    public static async Task<ColdReader> StartAsync(NpgsqlDataSource dataSource, string redis)
    {
        var multiplexer = await RedisConnections.ConnectAsync(redis);
        var services = new ServiceCollection();
        services.AddStackExchangeRedisCache(options =>
        {
            options.InstanceName = "hybridcache:";
            options.ConnectionMultiplexerFactory = () => Task.FromResult(multiplexer);
        });
        services.AddHybridCache(options => options.DefaultEntryOptions = new HybridCacheEntryOptions { Expiration = TimeToLive });
        return new HybridCacheColdReader(dataSource, multiplexer, services.BuildServiceProvider());
    }

    public override ValueTask<ColdItem> ReadAsync(int id) => _cache.GetOrCreateAsync(
        KeyOf(id),
        (_dataSource, id),
        static async (state, token) => await ColdItemTable.LoadAsync(state._dataSource, state.id, token));

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _multiplexer.DisposeAsync();
    }
}
