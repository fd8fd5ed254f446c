using HybridStore.IntegrationTests.Reading;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Clustering;

/// <summary>What tests on a cluster ask of a store: which keys go where.</summary>
internal static class ClusterStores
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static RedisLayout Layout(this StoreHost host) => host.Root.Redis!.Session!.Layout;

    /// <summary>So many keys of one partition.</summary>
    public static string[] KeysOf(this StoreHost host, int partition, int count) =>
        [.. Enumerable.Range(0, int.MaxValue).Select(id => $"key:{id}").Where(key => host.Layout().PartitionOf(key) == partition).Take(count)];

    /// <summary>A key of each partition.</summary>
    public static string[] KeyOfEach(this StoreHost host) =>
        [.. Enumerable.Range(0, host.Layout().Partitions.Count).Select(partition => host.KeysOf(partition, 1)[0])];

    public static int SlotOf(this StoreHost host, int partition) =>
        host.Root.Redis!.Session!.Multiplexer.HashSlot(host.Layout().State(partition));

    /// <summary>Reads a key into the cache, or from there.</summary>
    public static async Task<int> ReadAsync(this StoreHost host, NumberedLoads loads, string key, params string[] tags)
    {
        var value = await host.Store.GetAsync(
            key,
            (context, token) =>
            {
                context.AddTags(tags);
                return loads.RunAsync(context, token);
            },
            cancellationToken: Cancellation);
        await host.SettleAsync();
        return value;
    }

    public static Task<bool> HasEntryAsync(this StoreHost host, IDatabase redis, string key) => redis.KeyExistsAsync(host.EntryName(key));
}
