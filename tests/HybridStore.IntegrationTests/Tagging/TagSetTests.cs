using System.Globalization;
using HybridStore.IntegrationTests.Reading;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Tagging;

/// <summary>The sorted sets behind tags.</summary>
public sealed class TagSetTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_are_keys_scored_by_their_expiry()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await StoreAsync(host, "user:1");

        var member = Assert.Single(await MembersAsync(raw));

        Assert.Equal("user:1", member.Element);
        Assert.Equal((await raw.HeaderAsync("user:1")).ExpiresAt, member.Score);
    }

    [Fact]
    public async Task Expired_members_leave_as_others_come()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        for (var id = 0; id < 20; id++)
        {
            await raw.Database.SortedSetAddAsync(raw.TagSet(0, "tag"), $"gone:{id}", 1_000_000 + id);
        }

        for (var id = 0; id < 3; id++)
        {
            await StoreAsync(host, $"user:{id}");
        }

        Assert.Equal(["user:0", "user:1", "user:2"], (await MembersAsync(raw)).Select(member => (string?)member.Element).Order());
    }

    [Theory]
    [InlineData("SET", "x")]
    [InlineData("RPUSH", "x")]
    [InlineData("HSET", "field", "x")]
    public async Task Another_redis_type_under_a_tag_sets_name_gives_way_to_the_next_store(string command, params string[] arguments)
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.RedisAsync(command, [raw.TagSet(0, "tag").ToString(), .. arguments]);

        await StoreAsync(host, "user:1");

        Assert.True(await raw.HasEntryAsync("user:1"));
        Assert.Equal("user:1", Assert.Single(await MembersAsync(raw)).Element);
    }

    [Theory]
    [InlineData("SET", "x")]
    [InlineData("RPUSH", "x")]
    [InlineData("HSET", "field", "x")]
    public async Task Another_redis_type_under_a_tag_sets_name_gives_way_to_an_invalidation(string command, params string[] arguments)
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await StoreAsync(host, "user:1", "other");
        await host.RedisAsync(command, [raw.TagSet(0, "tag").ToString(), .. arguments]);

        var receipt = await host.Store.InvalidateTagsAsync(["tag", "other"], Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.False(await raw.Database.KeyExistsAsync(raw.TagSet(0, "tag")));
        Assert.False(await raw.HasEntryAsync("user:1"));
    }

    [Fact]
    public async Task An_invalidation_leaves_no_set_behind()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await StoreAsync(host, "user:1");

        await host.Store.InvalidateTagAsync("tag", Cancellation);

        Assert.False(await raw.Database.KeyExistsAsync(raw.TagSet(0, "tag")));
    }

    [Fact]
    public async Task Tags_work_across_sixteen_partitions_of_one_server()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.Partitions = 16);
        var layout = host.Root.Redis!.Session!.Layout;
        var keys = Enumerable.Range(0, 200).Select(id => string.Create(CultureInfo.InvariantCulture, $"user:{id}")).ToArray();
        Assert.Equal(16, layout.Partitions.Count);
        Assert.Equal(16, keys.Select(layout.PartitionOf).Distinct().Count());
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        for (var id = 0; id < keys.Length; id++)
        {
            await StoreAsync(host, keys[id], id % 2 == 0 ? "even" : "odd", "all");
        }

        var receipt = await host.Store.InvalidateTagAsync("even", Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        for (var id = 0; id < keys.Length; id++)
        {
            Assert.Equal(id % 2 == 1, await raw.HasEntryAsync(keys[id]));
        }

        await host.Store.InvalidateAsync(new Invalidation { Keys = keys[..100], Tags = ["all"] }, Cancellation);
        foreach (var key in keys)
        {
            Assert.False(await raw.HasEntryAsync(key));
        }
    }

    [Fact]
    public async Task Thousands_of_keys_are_invalidated_in_one_call()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.Partitions = 4);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var keys = Enumerable.Range(0, 2500).Select(id => string.Create(CultureInfo.InvariantCulture, $"user:{id}")).ToArray();
        await Parallel.ForEachAsync(keys, Cancellation, async (key, _) => await StoreAsync(host, key));
        Assert.True(await raw.HasEntryAsync(keys[^1]));

        var receipt = await host.Store.InvalidateKeysAsync(keys, Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(0, await raw.Database.KeyExistsAsync([.. keys.Select(raw.Name)]));
    }

    private static async Task StoreAsync(StoreHost host, string key, params string[] tags) => await host.Store.GetAsync(
        key,
        (context, _) =>
        {
            context.AddTags(tags.Length == 0 ? ["tag"] : tags);
            return ValueTask.FromResult(1);
        },
        cancellationToken: Cancellation);

    private static async Task<SortedSetEntry[]> MembersAsync(RawRedis raw)
    {
        await raw.SettleAsync();
        return await raw.Database.SortedSetRangeByRankWithScoresAsync(raw.TagSet(0, "tag"));
    }
}
