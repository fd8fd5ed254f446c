using HybridStore.Serialization;
using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>What a store has in Redis, seen and changed past the store.</summary>
internal sealed class RawRedis
{
    private readonly StoreHost _host;

    private RawRedis(StoreHost host, IDatabase database)
    {
        _host = host;
        Database = database;
    }

    public IDatabase Database { get; }

    public static async Task<RawRedis> OfAsync(StoreHost host, RedisServer redis) =>
        new(host, (await redis.ConnectDirectlyAsync()).GetDatabase());

    /// <summary>Values are stored behind their readers. A command on the store's own connection ends after all before it.</summary>
    public Task SettleAsync() => _host.Root.Redis!.Session!.Database.PingAsync();

    public RedisKey Name(string key) => _host.EntryName(key);

    public async Task<byte[]?> EntryAsync(string key)
    {
        await SettleAsync();
        return await Database.StringGetAsync(Name(key));
    }

    public async Task<bool> HasEntryAsync(string key)
    {
        await SettleAsync();
        return await Database.KeyExistsAsync(Name(key));
    }

    public async Task<EntryHeader> HeaderAsync(string key)
    {
        Assert.True(EntryHeader.TryRead(await EntryAsync(key), out var header), "There is no readable entry.");
        return header;
    }

    /// <summary>Null without a time to live.</summary>
    public async Task<TimeSpan?> TimeToLiveAsync(string key)
    {
        await SettleAsync();
        return await Database.KeyTimeToLiveAsync(Name(key));
    }

    public RedisKey TagSet(int partition, string tag) => _host.Generation.TagSet(partition, tag);

    public async Task<long> TagSetLengthAsync(string tag)
    {
        await SettleAsync();
        return await Database.SortedSetLengthAsync(TagSet(0, tag));
    }
}
