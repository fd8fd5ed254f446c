using HybridStore.Benchmarks.Contenders;
using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion;

namespace HybridStore.Consistency.Peers;

/// <summary>
/// FusionCache with Redis as its second level. Its backplane's package for Redis was not to be had, so that its first level is passed by, for
/// entries and for what is known of tags: nothing stricter can be had without one. What it removes must have reached Redis, or it throws.
/// </summary>
internal sealed class FusionPeer : IPeerCache
{
    private readonly RedisCache _redis;
    private readonly FusionCache _cache;
    private readonly FusionCacheEntryOptions _removal;
    private readonly FusionCacheEntryOptions _tagRemoval;

    private FusionPeer(WorkerPlan plan)
    {
        _redis = new RedisCache(new RedisCacheOptions
        {
            InstanceName = $"{plan.Prefix}:",
            ConfigurationOptions = PeerRedis.Configuration(plan),
        });
        var options = new FusionCacheOptions { DefaultEntryOptions = new FusionCacheEntryOptions(Lifetimes.Long) };
        options.DefaultEntryOptions.SetSkipMemoryCache();
        options.TagsDefaultEntryOptions.SetSkipMemoryCache();
        _cache = new FusionCache(options);
        _cache.SetupDistributedCache(_redis, new JsonFusionCacheSerializer());
        _removal = _cache.DefaultEntryOptions.Duplicate();
        _removal.ReThrowDistributedCacheExceptions = true;
        _tagRemoval = options.TagsDefaultEntryOptions.Duplicate();
        _tagRemoval.ReThrowDistributedCacheExceptions = true;
    }

    public static Task<IPeerCache> StartAsync(WorkerPlan plan) => Task.FromResult<IPeerCache>(new FusionPeer(plan));

    public async Task<RowValue[]> ReadAsync(SoakKey key, string? tag, Func<Task<RowValue[]>> load) =>
        await _cache.GetOrSetAsync<RowValue[]>(
            key.Name,
            (_, _) => load(),
            _cache.DefaultEntryOptions.Duplicate(Lifetimes.Of(key)),
            tag is null ? null : [tag]);

    public async Task RemoveAsync(string key) => await _cache.RemoveAsync(key, _removal);

    public async Task RemoveByTagAsync(string tag) => await _cache.RemoveByTagAsync(tag, _tagRemoval);

    public async Task<bool> TryClearAsync()
    {
        await _cache.ClearAsync(allowFailSafe: false, _tagRemoval);
        return true;
    }

    public ValueTask DisposeAsync()
    {
        _cache.Dispose();
        _redis.Dispose();
        return ValueTask.CompletedTask;
    }
}
