using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>An entry that asks each reader to refresh it.</summary>
internal static class EarlyEntry
{
    public const string Key = "key";

    /// <summary>With the load time that is written into the entry (over an hour) and this beta, a read of an entry with 20 s to live asks for a
    /// refresh in all but 5 of 100,000 cases.</summary>
    public static readonly EntryOptions Eager = new() { TimeToLive = TimeSpan.FromSeconds(20), Jitter = 0, Beta = 100 };

    public static readonly EntryOptions Inline = Eager with { RefreshMode = RefreshMode.Inline };

    /// <summary>For looking without causing a refresh.</summary>
    public static readonly EntryOptions Calm = Eager with { Beta = 0 };

    public static async Task StoreAsync(StoreHost host, RawRedis raw, Func<LoadContext, CancellationToken, ValueTask<string>>? load = null)
    {
        await host.Store.GetAsync(Key, load ?? ((_, _) => ValueTask.FromResult("old")), Calm, TestContext.Current.CancellationToken);
        await raw.SettleAsync();
        await MakeDueAsync(raw.Database, raw.Name(Key));
    }

    /// <summary>As if the load of an entry had taken over an hour.</summary>
    public static Task MakeDueAsync(IDatabase redis, RedisKey entry) => redis.StringSetRangeAsync(entry, 20, new byte[] { 255, 255, 255, 255 });
}
