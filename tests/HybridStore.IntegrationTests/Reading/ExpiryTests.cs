using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Reading;

public sealed class ExpiryTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Times_to_live_are_spread_over_the_jitter_and_stay_within_it()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var options = new EntryOptions { TimeToLive = TimeSpan.FromSeconds(1000), Jitter = 0.1 };
        for (var id = 0; id < 50; id++)
        {
            await host.Store.GetAsync($"key:{id}", (_, _) => ValueTask.FromResult(1), options, Cancellation);
        }

        var lifetimes = new List<long>();
        for (var id = 0; id < 50; id++)
        {
            var header = await raw.HeaderAsync($"key:{id}");
            lifetimes.Add(header.ExpiresAt - header.CreatedAt);
        }

        Assert.All(lifetimes, lifetime => Assert.InRange(lifetime, 900_000, 1_100_000));
        // Fifty uniform values over 200 s that all lie within 20 s: 1 in 10^47.
        Assert.True(lifetimes.Max() - lifetimes.Min() > 20_000);
    }

    [Fact]
    public async Task The_header_tells_the_expiry_that_redis_enforces_on_the_clock_of_redis()
    {
        // An application clock that is off by years must not show up anywhere.
        await using var host = await StoreHost.StartAsync(
            servers, register: (services, _) => services.AddSingleton<TimeProvider>(new SlowClock()));
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var options = new EntryOptions { TimeToLive = TimeSpan.FromMinutes(5), Jitter = 0.2 };
        var before = await RedisTimeAsync(host);
        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(1), options, Cancellation);

        var header = await raw.HeaderAsync("key");
        var remaining = (await host.RedisAsync("PTTL", raw.Name("key").ToString()));
        var after = await RedisTimeAsync(host);

        Assert.InRange(header.CreatedAt, before, after);
        // PTTL was asked at some moment between creation and now; a millisecond is lost to rounding on either side.
        Assert.InRange(header.ExpiresAt - (long)remaining, header.CreatedAt - 2, after + 2);
        Assert.Equal(2, await host.Store.GetAsync("other", (_, _) => ValueTask.FromResult(2), options, Cancellation));
    }

    [Fact]
    public async Task A_load_adapts_the_time_to_live_to_its_value()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        TimeSpan? preset = null;

        await host.Store.GetAsync(
            "offer",
            (context, _) =>
            {
                preset = context.TimeToLive;
                context.TimeToLive = TimeSpan.FromSeconds(77);
                return ValueTask.FromResult("until tonight");
            },
            new EntryOptions { TimeToLive = TimeSpan.FromHours(2), Jitter = 0 },
            Cancellation);

        Assert.Equal(TimeSpan.FromHours(2), preset);
        var header = await raw.HeaderAsync("offer");
        Assert.Equal(77_000, header.ExpiresAt - header.CreatedAt);
    }

    [Fact]
    public async Task A_value_without_an_end_is_cached_for_as_long_as_options_could_ask()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        var value = await host.Store.GetAsync(
            "offer",
            (context, _) =>
            {
                context.TimeToLive = TimeSpan.MaxValue;
                return ValueTask.FromResult("for ever");
            },
            cancellationToken: Cancellation);

        Assert.Equal("for ever", value);
        Assert.InRange((await raw.TimeToLiveAsync("offer"))!.Value, TimeSpan.FromDays(300), TimeSpan.FromDays(366 * 1.1));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-00:00:01")]
    public async Task A_time_to_live_that_is_over_means_do_not_cache(string timeToLive)
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        await host.Store.GetAsync(
            "offer",
            (context, _) =>
            {
                context.TimeToLive = TimeSpan.Parse(timeToLive, CultureInfo.InvariantCulture);
                return ValueTask.FromResult("over");
            },
            cancellationToken: Cancellation);

        Assert.False(await raw.HasEntryAsync("offer"));
    }

    [Fact]
    public async Task A_load_can_decline_caching()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        async ValueTask<int> Declining(LoadContext context, CancellationToken token)
        {
            context.DoNotCache();
            context.AddTag("tag");
            return await loads.RunAsync(context, token);
        }

        await host.Store.GetAsync("key", Declining, cancellationToken: Cancellation);

        Assert.Equal(2, await host.Store.GetAsync("key", Declining, cancellationToken: Cancellation));
        Assert.False(await raw.HasEntryAsync("key"));
        Assert.Equal(0, await raw.TagSetLengthAsync("tag"));
    }

    [Fact]
    public async Task An_expired_entry_is_not_served_when_somebody_has_made_it_persistent()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        var options = new EntryOptions { Beta = 0 };
        await host.Store.GetAsync("key", loads.RunAsync, options, Cancellation);
        await raw.SettleAsync();
        await raw.Database.KeyPersistAsync(raw.Name("key"));
        Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, options, Cancellation));

        // What the entry looks like an hour after its end.
        var expiry = BitConverter.GetBytes(await RedisTimeAsync(host) - 3_600_000);
        await raw.Database.StringSetRangeAsync(raw.Name("key"), 4, expiry);

        Assert.Equal(2, await host.Store.GetAsync("key", loads.RunAsync, options, Cancellation));
        Assert.NotNull(await raw.TimeToLiveAsync("key"));
        Assert.Equal(2, await host.Store.GetAsync("key", loads.RunAsync, options, Cancellation));
    }

    [Fact]
    public async Task An_entry_is_gone_when_its_time_is_over()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        var options = new EntryOptions { TimeToLive = TimeSpan.FromMilliseconds(200), Jitter = 0, Beta = 0 };
        await host.Store.GetAsync("key", loads.RunAsync, options, Cancellation);

        await Resilience.Eventually.HappensAsync(async () => !await raw.HasEntryAsync("key"), "the entry expires");

        Assert.Equal(2, await host.Store.GetAsync("key", loads.RunAsync, options, Cancellation));
    }

    private static async Task<long> RedisTimeAsync(StoreHost host)
    {
        var time = (string[])(await host.RedisAsync("TIME"))!;
        return (long.Parse(time[0], CultureInfo.InvariantCulture) * 1000) + (long.Parse(time[1], CultureInfo.InvariantCulture) / 1000);
    }

    private sealed class SlowClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddYears(-20);
    }
}
