using HybridStore.Redis.Janitor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Tidying;

/// <summary>What the janitor removes of tags.</summary>
public sealed class TidiedTagSetTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Expired_members_of_an_idle_tag_leave_and_the_others_stay()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        using var removed = new MetricCollector<long>(
            tidy.Host.Services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), "HybridStore", "hybridstore.janitor.removed");
        await tidy.StoreAsync("user:1", "idle");
        await tidy.AddExpiredAsync("idle", 1_234);
        await tidy.AddExpiredAsync("empty", 1_000);

        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.Equal(["user:1"], (await tidy.Redis.SortedSetRangeByRankAsync(tidy.Host.Generation.TagSet(0, "idle"))).Select(key => (string?)key));
        Assert.False(await tidy.Redis.KeyExistsAsync(tidy.Host.Generation.TagSet(0, "empty")));
        Assert.True(await tidy.Redis.KeyExistsAsync(tidy.Host.EntryName("user:1")));
        var measured = Assert.Single(removed.GetMeasurementSnapshot());
        Assert.Equal(2_234, measured.Value);
        Assert.Equal("member", measured.Tags["hybridstore.kind"]);
    }

    [Fact]
    public async Task A_tag_that_was_tidied_up_still_finds_its_keys()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        await tidy.StoreAsync("user:1", "tag");
        await tidy.AddExpiredAsync("tag", 10);
        await tidy.RunAsync();

        await tidy.Host.Store.InvalidateTagAsync("tag", Cancellation);

        Assert.False(await tidy.Redis.KeyExistsAsync(tidy.Host.EntryName("user:1")));
    }

    [Fact]
    public async Task All_partitions_are_tidied_up()
    {
        await using var tidy = await TidyHost.StartAsync(servers, options => options.Partitions = 16);
        for (var partition = 0; partition < 16; partition++)
        {
            await tidy.AddExpiredAsync("tag", 3, partition);
        }

        // The generation is recorded where somebody has asked for it.
        await tidy.Host.Store.InvalidateTagAsync("other", Cancellation);
        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        for (var partition = 0; partition < 16; partition++)
        {
            Assert.False(await tidy.Redis.KeyExistsAsync(tidy.Host.Generation.TagSet(partition, "tag")));
        }
    }

    [Fact]
    public async Task Fences_of_tags_go_when_their_time_has_passed_and_not_before()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        await tidy.Host.Store.InvalidateTagsAsync(["passed", "stands"], Cancellation);
        for (var id = 0; id < 600; id++)
        {
            await tidy.Redis.SortedSetAddAsync(tidy.Layout.FencedTags(0), $"many:{id}", 1, flags: CommandFlags.FireAndForget);
            await tidy.Redis.HashSetAsync(tidy.Layout.TagFences(0, $"many:{id}"), "x", 1, flags: CommandFlags.FireAndForget);
        }

        await tidy.Redis.SortedSetAddAsync(tidy.Layout.FencedTags(0), "passed", 1);

        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.Equal(["stands"], (await tidy.Redis.SortedSetRangeByRankAsync(tidy.Layout.FencedTags(0))).Select(tag => (string?)tag));
        Assert.False(await tidy.Redis.KeyExistsAsync(tidy.Layout.TagFences(0, "passed")));
        Assert.False(await tidy.Redis.KeyExistsAsync(tidy.Layout.TagFences(0, "many:599")));
        Assert.True(await tidy.Redis.KeyExistsAsync(tidy.Layout.TagFences(0, "stands")));
    }

    [Theory]
    [InlineData("SET", "x")]
    [InlineData("RPUSH", "x")]
    public async Task Other_redis_types_under_its_names_keep_it_from_nothing(string command, params string[] arguments)
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        await tidy.AddExpiredAsync("tag", 3);
        await tidy.Host.RedisAsync(command, [tidy.Host.Generation.TagSet(0, "other").ToString(), .. arguments]);
        await tidy.Host.RedisAsync(command, [tidy.Layout.FencedTags(0).ToString(), .. arguments]);
        await tidy.Host.RedisAsync(command, [RedisNames.Turn(tidy), .. arguments]);

        // A text could be another instance's token; a list could not.
        var expected = command == "SET" ? JanitorOutcome.NotMyTurn : JanitorOutcome.Done;
        Assert.Equal(expected, await tidy.RunAsync());
        await tidy.Redis.KeyDeleteAsync(RedisNames.Turn(tidy));
        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.False(await tidy.Redis.KeyExistsAsync(tidy.Host.Generation.TagSet(0, "tag")));
        Assert.True(await tidy.Redis.KeyExistsAsync(tidy.Host.Generation.TagSet(0, "other")));
    }
}
