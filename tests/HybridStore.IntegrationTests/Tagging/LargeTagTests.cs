using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Redis;

namespace HybridStore.IntegrationTests.Tagging;

/// <summary>On a server of their own, since they count calls.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class LargeTagTests(DisturbedServers servers) : IAsyncLifetime
{
    private const int Members = 25_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_tag_with_many_members_goes_in_chunks_and_takes_all_of_them_along()
    {
        await using var host = await StoreHost.StartAsync(servers.Servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Members),
            new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Cancellation },
            async (id, _) => await StoreAsync(host, $"user:{id}", "large"));
        await StoreAsync(host, "neighbour", "small");
        Assert.Equal(Members, await raw.TagSetLengthAsync("large"));
        var before = await ScriptCallsAsync();

        var receipt = await host.Store.InvalidateTagAsync("large", Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);

        // The last call finds that nothing is left.
        Assert.Equal((Members / RedisInvalidations.MembersPerCall) + 1, await ScriptCallsAsync() - before);
        Assert.Equal(0, await raw.TagSetLengthAsync("large"));
        Assert.True(await raw.HasEntryAsync("neighbour"));
        Assert.Equal(1, await raw.TagSetLengthAsync("small"));

        // The layout's record, the neighbour and its tag set, the partition's state, the tag's fences and when they may be forgotten: nothing
        // else is left.
        Assert.Equal(6, (long)await servers.Redis.RunAsync("DBSIZE"));
    }

    [Fact]
    public async Task Entries_stored_while_a_large_tag_goes_are_either_removed_or_stay_registered()
    {
        await using var host = await StoreHost.StartAsync(servers.Servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var ids = Enumerable.Range(0, 5000).ToArray();
        await Parallel.ForEachAsync(ids, Cancellation, async (id, _) => await StoreAsync(host, $"user:{id}", "large"));

        var invalidating = Task.Run(() => host.Store.InvalidateTagAsync("large", Cancellation), Cancellation);
        await Parallel.ForEachAsync(ids, Cancellation, async (id, _) => await StoreAsync(host, $"user:{id}", "large"));
        await invalidating;
        await host.Store.InvalidateTagAsync("large", Cancellation);

        await raw.SettleAsync();

        // The layout's record, the partition's state, the tag's fences and when they may be forgotten.
        Assert.Equal(4, (long)await servers.Redis.RunAsync("DBSIZE"));
    }

    // The client sends a script in full the first time and by its hash from then on.
    private async Task<long> ScriptCallsAsync() =>
        await servers.CallsOfAsync("eval") + await servers.CallsOfAsync("evalsha");

    private static async Task StoreAsync(StoreHost host, string key, string tag) => await host.Store.GetAsync(
        key,
        (context, _) =>
        {
            context.AddTag(tag);
            return ValueTask.FromResult(1);
        },
        cancellationToken: Cancellation);
}
