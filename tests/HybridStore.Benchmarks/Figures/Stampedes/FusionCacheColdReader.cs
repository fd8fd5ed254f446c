using HybridStore.Benchmarks.Contenders;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Locking.Distributed.Redis;

namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>FusionCache with both of its levels and the backplane, and with its distributed locker or without.</summary>
internal sealed class FusionCacheColdReader : ColdReader
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly IConnectionMultiplexer _multiplexer;
    private readonly ServiceProvider _services;
    private readonly IFusionCache _cache;

    private FusionCacheColdReader(NpgsqlDataSource dataSource, IConnectionMultiplexer multiplexer, ServiceProvider services)
    {
        (_dataSource, _multiplexer, _services) = (dataSource, multiplexer, services);
        _cache = services.GetRequiredService<IFusionCache>();
    }

    public static async Task<ColdReader> StartAsync(NpgsqlDataSource dataSource, string redis, bool isLocked)
    {
        var multiplexer = await RedisConnections.ConnectAsync(redis);
        var connect = () => Task.FromResult(multiplexer);
        var services = new ServiceCollection();
        services.AddStackExchangeRedisCache(options =>
        {
            options.InstanceName = isLocked ? "fusion_locked:" : "fusion:";
            options.ConnectionMultiplexerFactory = connect;
        });
        var builder = services.AddFusionCache()
            .WithDefaultEntryOptions(new FusionCacheEntryOptions(TimeToLive))
            .WithSerializer(new JsonFusionCacheSerializer())
            .WithRegisteredDistributedCache()
            .WithStackExchangeRedisBackplane(options => options.ConnectionMultiplexerFactory = connect);
        if (isLocked)
        {
            builder.WithRedisDistributedLocker(options => options.ConnectionMultiplexerFactory = connect);
        }

        return new FusionCacheColdReader(dataSource, multiplexer, services.BuildServiceProvider());
    }

    public override ValueTask<ColdItem> ReadAsync(int id) =>
        _cache.GetOrSetAsync<ColdItem>(KeyOf(id), (_, token) => ColdItemTable.LoadAsync(_dataSource, id, token));

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _multiplexer.DisposeAsync();
    }
}
