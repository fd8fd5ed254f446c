using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Consistency.Peers;

/// <summary>Microsoft's HybridCache with Redis as its second level. Its first level, which knows nothing of other processes, is passed
/// by.</summary>
internal sealed class HybridCachePeer : IPeerCache
{
    private readonly ServiceProvider _services;
    private readonly HybridCache _cache;

    private HybridCachePeer(ServiceProvider services) =>
        (_services, _cache) = (services, services.GetRequiredService<HybridCache>());

    public static Task<IPeerCache> StartAsync(WorkerPlan plan)
    {
        var services = new ServiceCollection();
        services.AddStackExchangeRedisCache(options =>
        {
            options.InstanceName = $"{plan.Prefix}:";
            options.ConfigurationOptions = PeerRedis.Configuration(plan);
        });
        services.AddHybridCache(options => options.DefaultEntryOptions = Options(Lifetimes.Long));
        return Task.FromResult<IPeerCache>(new HybridCachePeer(services.BuildServiceProvider()));
    }

    public async Task<RowValue[]> ReadAsync(SoakKey key, string? tag, Func<Task<RowValue[]>> load) => await _cache.GetOrCreateAsync(
        key.Name, async _ => await load(), Options(Lifetimes.Of(key)), tag is null ? null : [tag]);

    public async Task RemoveAsync(string key) => await _cache.RemoveAsync(key);

    public async Task RemoveByTagAsync(string tag) => await _cache.RemoveByTagAsync(tag);

    public async Task<bool> TryClearAsync()
    {
        await _cache.RemoveByTagAsync("*");
        return true;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static HybridCacheEntryOptions Options(TimeSpan timeToLive) =>
        new() { Expiration = timeToLive, Flags = HybridCacheEntryFlags.DisableLocalCache };
}
