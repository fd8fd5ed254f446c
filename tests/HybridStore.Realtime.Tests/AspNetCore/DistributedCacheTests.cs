using System.Buffers;
using HybridStore.Servers;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.AspNetCore;

public class DistributedCacheTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_set_is_had_until_it_is_removed()
    {
        await using var host = await StartAsync();
        var cache = host.Get<IDistributedCache>();
        Assert.Null(await cache.GetAsync("key", Cancellation));

        await cache.SetAsync("key", [1, 2, 3], new DistributedCacheEntryOptions(), Cancellation);
        Assert.Equal([1, 2, 3], await cache.GetAsync("key", Cancellation));
        await cache.SetAsync("key", [], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromHours(1) }, Cancellation);
        Assert.Empty((await cache.GetAsync("key", Cancellation))!);
        await cache.RemoveAsync("key", Cancellation);
        Assert.Null(await cache.GetAsync("key", Cancellation));
        await cache.RefreshAsync("key", Cancellation);
        Assert.Null(await cache.GetAsync("key", Cancellation));
    }

    [Fact]
    public async Task It_takes_the_place_of_a_cache_that_the_framework_has_registered_before()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder =>
        {
            builder.Services.AddDistributedMemoryCache();
            builder.AddDistributedCache();
        });
        await using var other = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddDistributedCache(), besides: host);
        await host.Get<IDistributedCache>().SetAsync("key", [7], new DistributedCacheEntryOptions(), Cancellation);

        Assert.Equal([7], await other.Get<IDistributedCache>().GetAsync("key", Cancellation));
    }

    [Fact]
    public async Task The_synchronous_members_do_the_same()
    {
        await using var host = await StartAsync();
        var cache = host.Get<IDistributedCache>();

        cache.Set("key", [1, 2, 3], new DistributedCacheEntryOptions());
        cache.Refresh("key");
        Assert.Equal([1, 2, 3], cache.Get("key"));
        cache.Remove("key");
        Assert.Null(cache.Get("key"));
    }

    [Fact]
    public async Task Buffers_are_written_and_read_as_well()
    {
        await using var host = await StartAsync();
        var cache = Assert.IsType<IBufferDistributedCache>(host.Get<IDistributedCache>(), exactMatch: false);
        var buffer = new ArrayBufferWriter<byte>();

        Assert.False(await cache.TryGetAsync("key", buffer, Cancellation));
        await cache.SetAsync("key", new ReadOnlySequence<byte>([1, 2]), new DistributedCacheEntryOptions(), Cancellation);
        Assert.True(await cache.TryGetAsync("key", buffer, Cancellation));
        Assert.True(cache.TryGet("key", buffer));
        Assert.Equal([1, 2, 1, 2], buffer.WrittenSpan.ToArray());
    }

    [Fact]
    public async Task Use_moves_a_sliding_end_on_as_far_as_the_absolute_one()
    {
        await using var host = await StartAsync();
        var cache = host.Get<IDistributedCache>();
        await cache.SetAsync("sliding", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromHours(1) }, Cancellation);
        await cache.SetAsync(
            "both",
            [1],
            new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromHours(1), AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(2) },
            Cancellation);
        await cache.SetAsync("absolute", [1], new DistributedCacheEntryOptions { AbsoluteExpiration = DateTimeOffset.UtcNow.AddHours(2) }, Cancellation);
        var all = new Dictionary<double, string>();
        foreach (var name in ((string[])(await fixture.Servers.Redis.RunAsync("KEYS", $"{host.Prefix}:distributed-cache:*"))!))
        {
            var left = (await host.Redis.KeyTimeToLiveAsync(name))!.Value;
            all[Math.Round(left.TotalHours)] = name;
            await host.Redis.KeyExpireAsync(name, TimeSpan.FromMinutes(1));
            if (await host.Redis.HashExistsAsync(name, "e") && await host.Redis.HashExistsAsync(name, "s"))
            {
                // As if nearly two hours had passed.
                var now = DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeMilliseconds();
                await host.Redis.HashSetAsync(name, "e", now);
                all[0] = name;
            }
        }

        Assert.NotNull(await cache.GetAsync("sliding", Cancellation));
        await cache.RefreshAsync("both", Cancellation);
        Assert.NotNull(await cache.GetAsync("absolute", Cancellation));

        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(all[0]))!.Value.TotalMinutes, 9, 10.1);
        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(all[2]))!.Value.TotalMinutes, 0, 1);
    }

    [Fact]
    public async Task Without_an_end_an_entry_lives_as_long_as_it_is_used()
    {
        await using var host = await StartAsync();
        await host.Get<IDistributedCache>().SetAsync("key", [1], new DistributedCacheEntryOptions(), Cancellation);

        var name = ((string[])(await fixture.Servers.Redis.RunAsync("KEYS", $"{host.Prefix}:distributed-cache:*"))!).Single();
        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(name))!.Value.TotalMinutes, 19, 20);
        Assert.DoesNotContain("key", name[(name.IndexOf('{', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_kept_is_refused()
    {
        await using var host = await StartAsync();
        var cache = host.Get<IDistributedCache>();

        await Assert.ThrowsAsync<ArgumentException>(
            () => cache.SetAsync("key", new byte[(1024 * 1024) + 1], new DistributedCacheEntryOptions(), Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => cache.SetAsync(
            "key", [1], new DistributedCacheEntryOptions { AbsoluteExpiration = DateTimeOffset.UtcNow.AddSeconds(-1) }, Cancellation));
    }

    [Fact]
    public async Task The_synchronous_members_wait_for_a_silent_Redis_as_long_as_others_and_open_the_circuit()
    {
        const int CircuitOpened = 1005;
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => builder.AddDistributedCache(), options => options.RedisTimeout = TimeSpan.FromMilliseconds(200));
        var cache = host.Get<IDistributedCache>();
        Assert.Null(cache.Get("key"));
        await servers.Redis.PauseAsync(Cancellation);
        for (var failure = 0; failure < 3; failure++)
        {
            Assert.DoesNotContain(host.Logs.GetSnapshot(), line => line.Id.Id == CircuitOpened);
            Assert.Throws<SessionStoreUnavailableException>(() => cache.Get("key"));
        }

        await host.LoggedAsync(CircuitOpened);
        Assert.Throws<SessionStoreUnavailableException>(() => cache.Get("key"));
        await servers.Redis.ResumeAsync(Cancellation);
    }

    [Fact]
    public async Task While_Redis_is_away_it_says_so()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => builder.AddDistributedCache(), options => options.RedisTimeout = TimeSpan.FromMilliseconds(300));
        await servers.Redis.StopAsync(Cancellation);

        await Assert.ThrowsAsync<SessionStoreUnavailableException>(() => host.Get<IDistributedCache>().GetAsync("key", Cancellation));
        Assert.Throws<SessionStoreUnavailableException>(() => host.Get<IDistributedCache>().Get("key"));
    }

    private Task<RealtimeHost> StartAsync() => RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddDistributedCache());
}
