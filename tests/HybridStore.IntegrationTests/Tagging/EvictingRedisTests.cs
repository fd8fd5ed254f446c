using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Tagging;

/// <summary>Redis has a memory limit, and forgets something when it is full.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class EvictingRedisTests(DisturbedServers servers) : IAsyncLifetime
{
    private const int EvictsTags = 1009;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Where_tag_sets_may_be_evicted_values_with_tags_are_not_cached_and_the_log_says_what_to_set()
    {
        await SetAsync("allkeys-lru", "1gb");
        await using var host = await StoreHost.StartAsync(servers.Servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        await ReadAsync(host, "tagged", "tag");
        await ReadAsync(host, "plain");

        Assert.False(await raw.HasEntryAsync("tagged"));
        Assert.True(await raw.HasEntryAsync("plain"));
        var message = Assert.Single(host.Logs.GetSnapshot(), record => record.Id.Id == EvictsTags);
        Assert.Equal(LogLevel.Error, message.Level);
        Assert.Contains("noeviction or volatile-*", message.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("allkeys-lru", "1gb", true)]
    [InlineData("allkeys-lru", "0", false)]
    [InlineData("volatile-lru", "1gb", false)]
    [InlineData("noeviction", "1gb", false)]
    public async Task Values_with_tags_are_cached_where_tag_sets_are_safe_or_the_application_insists(string policy, string limit, bool insists)
    {
        await SetAsync(policy, limit);
        await using var host = await StoreHost.StartAsync(
            servers.Servers, options => options.AllowTagsUnderAllKeysEviction = insists);
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        await ReadAsync(host, "tagged", "tag");

        Assert.True(await raw.HasEntryAsync("tagged"));
        Assert.Equal(insists ? 1 : 0, host.Logs.GetSnapshot().Count(record => record.Id.Id == EvictsTags));
    }

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.Unstamped)]
    public async Task The_fences_of_a_tag_survive_a_redis_that_evicts_all_that_has_a_time_to_live(LoadPath path)
    {
        await using var race = await Race.StartAsync(servers.Servers);
        await using var write = await race.BeginWriteAsync(1);
        await Race.InvalidateTagAsync(race.Second, write.Xid);
        await race.Redis.StringSetAsync("volatile", "x", TimeSpan.FromHours(1));
        await SetAsync("volatile-ttl", "1");
        await Eventually.HappensAsync(
            async () =>
            {
                // Redis evicts before it runs a command, and refuses it if that was not enough.
                var refusal = await Record.ExceptionAsync(() => race.Redis.StringSetAsync("permanent", "x"));
                Assert.True(refusal is null or RedisServerException { Kind: RedisErrorKind.OutOfMemory });
                return !await race.Redis.KeyExistsAsync("volatile");
            },
            "what has a time to live is evicted");
        await SetAsync("volatile-ttl", "0");
        var read = await race.HoldAsync(race.First, path);
        await write.CommitAsync();

        Assert.Equal((0, "refused_tag_fenced"), await read.EndAsync());
        Assert.Equal(1, await race.ReadAsync(race.Second));
    }

    private async Task SetAsync(string policy, string limit)
    {
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory-policy", policy);
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", limit);
    }

    private static async Task ReadAsync(StoreHost host, string key, params string[] tags)
    {
        await host.Store.GetAsync(
            key,
            (context, _) =>
            {
                context.AddTags(tags);
                return ValueTask.FromResult(1);
            },
            cancellationToken: Cancellation);
        await host.Root.Redis!.Session!.Database.PingAsync();
    }
}
