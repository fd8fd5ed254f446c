using HybridStore.Benchmarks.Contenders;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion;

namespace HybridStore.Benchmarks.Races;

/// <summary>
/// FusionCache with Redis as its second level. Where two instances race there is no backplane, so
/// that its first level is passed by, for entries and for what is known of tags: nothing stricter can be had without one.
/// </summary>
internal sealed class FusionCacheRacer : Racer
{
    private readonly ItemTable _table;
    private readonly RedisCache _redis;
    private readonly FusionCache _cache;
    private int _stores;

    private FusionCacheRacer(RacerSetup setup)
    {
        _table = setup.Table;
        _redis = new RedisCache(new RedisCacheOptions { InstanceName = $"{setup.Prefix}fusion:", Configuration = setup.Redis });
        var options = new FusionCacheOptions { DefaultEntryOptions = new FusionCacheEntryOptions(TimeToLive) };
        if (!setup.UsesMemory)
        {
            options.DefaultEntryOptions.SetSkipMemoryCache();
            options.TagsDefaultEntryOptions.SetSkipMemoryCache();
        }

        _cache = new FusionCache(options);
        _cache.SetupDistributedCache(_redis, new JsonFusionCacheSerializer());

        // A tag's invalidation stores something as well, under another name.
        _cache.Events.Distributed.Set += (_, stored) => Interlocked.Add(
            ref _stores, stored.Key.StartsWith("item:", StringComparison.Ordinal) ? 1 : 0);
    }

    // What is refreshed has been stored once before.
    public override int Refreshes => Volatile.Read(ref _stores) - 1;

    public static Task<Racer> StartAsync(RacerSetup setup) => Task.FromResult<Racer>(new FusionCacheRacer(setup));

    public override async Task<int> ReadAsync(RaceItem item, RaceLoad load, bool refreshed = false)
    {
        var options = _cache.DefaultEntryOptions.Duplicate();
        if (refreshed)
        {
            options.SetDuration(RefreshedTimeToLive).SetEagerRefresh((float)(RefreshAge / RefreshedTimeToLive));
        }

        return await _cache.GetOrSetAsync<int>(item.Key, (_, token) => load.RunAsync(ReadRow, token), options, [item.Tag]);

        Task<int> ReadRow(CancellationToken token) => _table.ReadAsync(item, token);
    }

    public override async Task RemoveAsync(RaceItem item) => await _cache.RemoveAsync(item.Key);

    public override async Task ExpireAsync(RaceItem item) => await _cache.ExpireAsync(item.Key);

    public override async Task RemoveByTagAsync(RaceItem item) => await _cache.RemoveByTagAsync(item.Tag);

    public override ValueTask DisposeAsync()
    {
        _cache.Dispose();
        _redis.Dispose();
        return ValueTask.CompletedTask;
    }
}
