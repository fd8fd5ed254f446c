using HybridStore.IntegrationTests.Reading;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Invalidations that Redis cannot take now are not lost, and nobody in this process reads what they are to remove.</summary>
public sealed class PendingInvalidationTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invalidation_while_redis_is_away_is_applied_when_it_is_back()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var host = await StartAsync(link);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.ExecuteAsync("create table product (id int primary key, price int)");
        await host.ExecuteAsync("insert into product values (1, 10)");
        Assert.Equal(10, await PriceAsync(host));
        await raw.SettleAsync();

        link.Proxy.Cut();
        var receipt = await host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update product set price = 20", cancellationToken: token);
                write.Invalidate("product:1");
            },
            cancellationToken: Cancellation);

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.False(receipt.WhenApplied(Cancellation).IsCompleted);
        Assert.True(await raw.Database.KeyExistsAsync(raw.Name("product:1")));
        Assert.Equal(20, await PriceAsync(host));
        link.Proxy.Restore();

        // From here on the stale entry is within reach until the retry has removed it.
        await Eventually.HappensAsync(
            async () =>
            {
                Assert.Equal(20, await PriceAsync(host));
                return receipt.Status == InvalidationStatus.Applied;
            },
            "the invalidation is applied");
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(20, await PriceAsync(host));
        await using var other = await StoreHost.StartAsync(servers, besides: host);
        Assert.Equal(20, await PriceAsync(other));
    }

    [Fact]
    public async Task Until_it_is_applied_its_key_is_not_read_from_a_redis_that_answers_reads()
    {
        await using var user = await ScriptlessUser.CreateAsync(servers.Redis);
        await using var host = await StoreHost.StartAsync(servers, options => options.RedisConnectionString = user.ConnectionString);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        await host.Store.GetAsync("a", loads.RunAsync, cancellationToken: Cancellation);
        await host.Store.GetAsync("b", loads.RunAsync, cancellationToken: Cancellation);
        await raw.SettleAsync();
        await user.ForbidScriptsAsync();
        Assert.Equal(1, await host.Store.GetAsync("a", loads.RunAsync, cancellationToken: Cancellation));

        var receipt = await host.Store.InvalidateKeyAsync("a", Cancellation);

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.True(await raw.HasEntryAsync("a"));
        Assert.Equal(3, await host.Store.GetAsync("a", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Equal(4, await host.Store.GetAsync("a", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Equal(2, await host.Store.GetAsync("b", loads.RunAsync, cancellationToken: Cancellation));

        await user.AllowScriptsAsync();
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(5, await host.Store.GetAsync("a", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Equal(5, await host.Store.GetAsync("a", loads.RunAsync, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Until_a_tag_is_invalidated_no_key_is_read_from_redis_since_any_may_have_it()
    {
        await using var user = await ScriptlessUser.CreateAsync(servers.Redis);
        await using var host = await StoreHost.StartAsync(servers, options => options.RedisConnectionString = user.ConnectionString);
        var loads = new NumberedLoads();
        async Task<int> ReadAsync() => await host.Store.GetAsync(
            "a",
            (context, token) =>
            {
                context.AddTag("tag");
                return loads.RunAsync(context, token);
            },
            cancellationToken: Cancellation);
        Assert.Equal(1, await ReadAsync());
        Assert.Equal(1, await ReadAsync());
        await user.ForbidScriptsAsync();

        var receipt = await host.Store.InvalidateTagAsync("tag", Cancellation);

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.Equal(2, await ReadAsync());
        await user.AllowScriptsAsync();
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(3, await ReadAsync());
        Assert.Equal(3, await ReadAsync());
    }

    [Fact]
    public async Task More_than_can_wait_empties_the_cache_of_this_store_alone()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var neighbour = await StoreHost.StartAsync(servers);
        await using var host = await StartAsync(
            link,
            options =>
            {
                options.InvalidationRetry.Capacity = 10;
                options.Partitions = 4;
            });
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        for (var id = 0; id < 30; id++)
        {
            await host.Store.GetAsync($"key:{id}", loads.RunAsync, cancellationToken: Cancellation);
        }

        await neighbour.Store.GetAsync("key:1", loads.RunAsync, cancellationToken: Cancellation);
        await raw.SettleAsync();
        link.Proxy.Cut();
        var receipts = new List<InvalidationReceipt>();
        for (var id = 0; id < 11; id++)
        {
            receipts.Add(await host.Store.InvalidateKeyAsync($"key:{id}", Cancellation));
        }

        // Which keys were meant is forgotten by now, so none of them is trusted.
        Assert.Equal(32, await host.Store.GetAsync("key:25", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Contains(host.Logs.GetSnapshot(), log => log.Id.Id == 1102 && log.Level == LogLevel.Error);
        link.Proxy.Restore();

        await Task.WhenAll(receipts.Select(receipt => receipt.WhenApplied(Cancellation))).WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
        for (var id = 0; id < 30; id++)
        {
            Assert.False(await raw.Database.KeyExistsAsync(raw.Name($"key:{id}")));
        }

        Assert.Equal(31, await neighbour.Store.GetAsync("key:1", loads.RunAsync, cancellationToken: Cancellation));
        await host.Store.GetAsync("key:1", loads.RunAsync, cancellationToken: Cancellation);
        Assert.Equal(33, await host.Store.GetAsync("key:1", loads.RunAsync, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_store_that_is_disposed_meanwhile_tells_those_who_wait()
    {
        await using var link = RedisLink.To(servers.Redis);
        var host = await StartAsync(link);
        link.Proxy.Cut();
        var receipt = await host.Store.InvalidateKeyAsync("key", Cancellation);
        var logs = host.Logs;

        await host.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receipt.WhenApplied(Cancellation));
        Assert.Contains(logs.GetSnapshot(), log => log.Id.Id == 1103 && log.Level == LogLevel.Error);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1)]
    public async Task A_multiplexer_disposed_by_the_application_first_does_not_break_the_end_of_the_store(int capacity)
    {
        await using var link = RedisLink.To(servers.Redis);
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(link.ConnectionString);
        var host = await StartAsync(
            link,
            options =>
            {
                options.RedisConnectionString = null;
                options.InvalidationRetry.Capacity = capacity;
                options.InvalidationRetry.InitialDelay = options.InvalidationRetry.MaximumDelay = TimeSpan.FromMinutes(1);
            },
            services => services.AddSingleton<IConnectionMultiplexer>(multiplexer));
        link.Proxy.Cut();
        await host.Store.InvalidateKeysAsync(["a", "b"], Cancellation);
        await multiplexer.DisposeAsync();

        Assert.Equal(42, await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(42), cancellationToken: Cancellation));
        await host.DisposeAsync();
    }

    private static ValueTask<int> PriceAsync(StoreHost host) =>
        host.Store.GetAsync<int>("product:1", "select price from product where id = 1", cancellationToken: Cancellation);

    private Task<StoreHost> StartAsync(
        RedisLink link, Action<HybridStoreOptions>? configure = null, Action<IServiceCollection>? register = null) =>
        StoreHost.StartAsync(
            servers,
            options =>
            {
                options.RedisConnectionString = link.ConnectionString;
                options.RedisTimeout = TimeSpan.FromMilliseconds(300);
                options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
                configure?.Invoke(options);
            },
            (services, _) => register?.Invoke(services));

    /// <summary>A user whose right to run scripts can be taken away: reads work then, and invalidations do not.</summary>
    private sealed class ScriptlessUser : IAsyncDisposable
    {
        private readonly RedisServer _redis;
        private readonly string _name = $"u{Guid.NewGuid():N}";

        private ScriptlessUser(RedisServer redis) => _redis = redis;

        public string ConnectionString => $"{_redis.ConnectionString},user={_name},password=secret";

        public static async Task<ScriptlessUser> CreateAsync(RedisServer redis)
        {
            var user = new ScriptlessUser(redis);
            await redis.RunAsync("ACL", "SETUSER", user._name, "on", ">secret", "~*", "&*", "+@all");
            return user;
        }

        public async Task ForbidScriptsAsync() => await _redis.RunAsync("ACL", "SETUSER", _name, "-eval", "-evalsha", "-script");

        public async Task AllowScriptsAsync() => await _redis.RunAsync("ACL", "SETUSER", _name, "+@all");

        public async ValueTask DisposeAsync() => await _redis.RunAsync("ACL", "DELUSER", _name);
    }
}
