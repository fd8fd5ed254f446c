using HybridStore.IntegrationTests.Reading;
using HybridStore.Redis;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Redis answers, and refuses some of what it is asked: full, read-only, or strict about rights.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class UnwillingRedisTests(DisturbedServers servers) : IAsyncLifetime
{
    private readonly NumberedLoads _loads = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_full_redis_serves_hits_and_invalidations_and_its_refused_stores_open_no_circuit()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host, "a");
        await ReadAsync(host, "b");
        await raw.SettleAsync();
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "1");

        for (var id = 0; id < 10; id++)
        {
            Assert.Equal(3 + id, await ReadAsync(host, $"new:{id}"));
        }

        await Eventually.HappensAsync(
            () => host.Logs.GetSnapshot().Count(log => log.Id.Id == 1202 && log.Level == LogLevel.Warning) == 10,
            "the refused stores are logged");
        Assert.Equal(CircuitState.Closed, host.Root.Redis!.Session!.Breakers[0].State);
        Assert.Equal(1, await ReadAsync(host, "a"));
        Assert.Equal(InvalidationStatus.Applied, (await host.Store.InvalidateKeyAsync("a", Cancellation)).Status);
        Assert.Equal(InvalidationStatus.Applied, (await host.Store.InvalidateTagAsync("tag", Cancellation)).Status);
        Assert.False(await raw.HasEntryAsync("a"));
        Assert.False(await raw.HasEntryAsync("b"));

        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "0");
        Assert.Equal(13, await ReadAsync(host, "a"));
        Assert.Equal(13, await ReadAsync(host, "a"));
    }

    [Fact]
    public async Task A_store_starts_on_a_full_redis()
    {
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "1");
        await using var host = await StartAsync();

        Assert.Equal(1, await ReadAsync(host, "a"));
        Assert.Equal(2, await ReadAsync(host, "a"));
        Assert.Equal(InvalidationStatus.Applied, (await host.Store.InvalidateKeyAsync("a", Cancellation)).Status);
    }

    [Fact]
    public async Task A_redis_that_became_a_replica_fails_no_read_and_its_invalidations_wait_until_it_is_a_master_again()
    {
        await using var host = await StartAsync();
        await ReadAsync(host, "a");
        await ReadAsync(host, "b");
        Assert.Equal(2, await ReadAsync(host, "b"));
        await servers.Redis.RunAsync("REPLICAOF", "127.0.0.1", "1");

        Assert.Equal(3, await ReadAsync(host, "c"));
        var receipt = await host.Store.InvalidateKeyAsync("a", Cancellation);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        for (var read = 0; read < 20; read++)
        {
            Assert.Equal(4 + read, await ReadAsync(host, "a"));
            Assert.InRange(await ReadAsync(host, "b"), 2, 1000);
        }

        await servers.Redis.RunAsync("REPLICAOF", "NO", "ONE");

        await receipt.WhenApplied(Cancellation).WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        await Eventually.HappensAsync(
            async () => await ReadAsync(host, "d") == await ReadAsync(host, "d"), "a second read is served from Redis");
    }

    [Theory]
    [InlineData("+@all", "-info")]
    [InlineData("+@all", "-@dangerous", "-@admin")]
    [InlineData(
        "-@all", "+get", "+mget", "+eval", "+evalsha", "+script|load", "+time", "+type", "+unlink", "+set", "+getrange", "+setrange",
        "+pttl", "+pexpire", "+hget", "+hmget", "+hgetall", "+hset", "+hsetnx", "+hdel", "+hlen", "+hexists", "+exists", "+hincrby", "+zadd",
        "+zrange", "+zrangebyscore", "+zrank", "+zscore", "+zrem", "+ping", "+echo", "+subscribe", "&*")]
    public async Task A_user_with_few_rights_will_do(params string[] rights)
    {
        const string Prefix = "shop";
        await servers.Redis.RunAsync(["ACL", "SETUSER", "app", "on", ">secret", $"~{Prefix}:*", .. rights]);
        await using var host = await StartAsync(options =>
        {
            options.RedisConnectionString = $"{servers.Redis.ConnectionString},user=app,password=secret";
            options.KeyPrefix = Prefix;
        });

        Assert.Equal(1, await ReadAsync(host, "a"));
        Assert.Equal(1, await ReadAsync(host, "a"));
        Assert.Equal(InvalidationStatus.Applied, (await host.Store.InvalidateTagAsync("tag", Cancellation)).Status);
        Assert.Equal(2, await ReadAsync(host, "a"));
        Assert.Equal(InvalidationStatus.Applied, (await host.Store.InvalidateKeyAsync("a", Cancellation)).Status);
        Assert.Equal(3, await ReadAsync(host, "a"));
        Assert.Equal(3, await ReadAsync(host, "a"));
    }

    [Fact]
    public async Task A_full_redis_that_knows_no_script_flags_forgets_no_tag_and_still_invalidates()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host, "a");
        Assert.Equal(1, await ReadAsync(host, "a"));
        var session = host.Root.Redis!.Session!;
        var lease = (await host.Root.Gateway!.LeaseAsync("b", default, Cancellation)).TryGetValue(out var answer) ? answer.Lease! : null;
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "1");

        // What runs on Redis 6, where the flags' line is cut off.
        var store = new StoreCommand("b", new byte[40], TimeSpan.FromSeconds(1), ["tag"], lease!, null, false, false);
        var refusal = await Assert.ThrowsAsync<RedisServerException>(() => raw.Database.ScriptEvaluateAsync(
            RedisScript.Store.For(serverKnowsFlags: false),
            StoreCalls.KeysOf([store], session.Layout, 0, out var tags),
            StoreCalls.ArgumentsOf([store], tags, session.Fencing)));
        Assert.Equal(RedisErrorKind.OutOfMemory, refusal.Kind);
        Assert.Equal(1, await raw.TagSetLengthAsync("tag"));

        // Fences cannot be set, so that nothing is applied; what can be deleted is, and a retry will do the rest.
        var call = Assert.Single(InvalidationPlan.Of(session.Layout, [], ["tag"], 10));
        var unapplied = await Assert.ThrowsAsync<RedisServerException>(() => raw.Database.ScriptEvaluateAsync(
            RedisScript.Invalidate.For(serverKnowsFlags: false),
            call.Names(session.Layout, host.Generation),
            [
                0, "", 1, 120_000, 64, (byte[])host.Generation.EntryPrefix(0)!, 500, "", "", host.Generation.Text, "",
                (byte[])session.Layout.TagFencesPrefix(0)!, "",
            ]));
        Assert.Equal(RedisErrorKind.OutOfMemory, unapplied.Kind);
        Assert.False(await raw.HasEntryAsync("a"));
    }

    [Fact]
    public async Task A_right_that_is_missing_destroys_nothing()
    {
        await servers.Redis.RunAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all");
        await using var host = await StartAsync(
            options => options.RedisConnectionString = $"{servers.Redis.ConnectionString},user=app,password=secret");
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host, "a");
        Assert.Equal(1, await ReadAsync(host, "a"));
        await servers.Redis.RunAsync("ACL", "SETUSER", "app", "-zadd", "-zrange", "-hmget");

        Assert.Equal(2, await ReadAsync(host, "b"));
        await raw.SettleAsync();
        Assert.Equal(1, await raw.TagSetLengthAsync("tag"));
        var receipt = await host.Store.InvalidateTagAsync("tag", Cancellation);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.Equal(1, await raw.TagSetLengthAsync("tag"));

        await servers.Redis.RunAsync("ACL", "SETUSER", "app", "+@all");
        await receipt.WhenApplied(Cancellation);
        Assert.False(await raw.HasEntryAsync("a"));
        Assert.Equal(0, await raw.TagSetLengthAsync("tag"));
    }

    private ValueTask<int> ReadAsync(StoreHost host, string key) => host.Store.GetAsync(
        key,
        (context, token) =>
        {
            context.AddTag("tag");
            return _loads.RunAsync(context, token);
        },
        cancellationToken: Cancellation);

    private Task<StoreHost> StartAsync(Action<HybridStoreOptions>? configure = null) => StoreHost.StartAsync(
        servers.Servers,
        options =>
        {
            options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
            configure?.Invoke(options);
        });
}
