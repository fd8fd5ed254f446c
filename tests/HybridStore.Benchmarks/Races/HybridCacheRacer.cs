using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Benchmarks.Races;

/// <summary>Microsoft's HybridCache with Redis as its second level. Where two instances race its first level is passed by, which knows
/// nothing of other instances.</summary>
internal sealed class HybridCacheRacer : Racer
{
    private readonly ItemTable _table;
    private readonly ServiceProvider _services;
    private readonly HybridCache _cache;

    private HybridCacheRacer(ItemTable table, ServiceProvider services)
    {
        _table = table;
        _services = services;
        _cache = services.GetRequiredService<HybridCache>();
    }

    public static Task<Racer> StartAsync(RacerSetup setup)
    {
        var services = new ServiceCollection();
        services.AddSingleton(setup.Clock);
        services.AddStackExchangeRedisCache(options =>
        {
            options.InstanceName = $"{setup.Prefix}hybridcache:";
            options.Configuration = setup.Redis;
        });
        services.AddHybridCache(options => options.DefaultEntryOptions = new HybridCacheEntryOptions
        {
            Expiration = TimeToLive,
            Flags = setup.UsesMemory ? HybridCacheEntryFlags.None : HybridCacheEntryFlags.DisableLocalCache,
        });
        return Task.FromResult<Racer>(new HybridCacheRacer(setup.Table, services.BuildServiceProvider()));
    }

    public override async Task<int> ReadAsync(RaceItem item, RaceLoad load, bool refreshed = false) => await _cache.GetOrCreateAsync(
        item.Key,
        async token => await load.RunAsync(inner => _table.ReadAsync(item, inner), token),
        tags: [item.Tag]);

    public override async Task RemoveAsync(RaceItem item) => await _cache.RemoveAsync(item.Key);

    public override async Task RemoveByTagAsync(RaceItem item) => await _cache.RemoveByTagAsync(item.Tag);

    public override ValueTask DisposeAsync() => _services.DisposeAsync();
}
