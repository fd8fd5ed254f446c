using System.Threading.RateLimiting;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.RateLimiting;

public class OutageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RateLimitFallback.FailOpen, 5)]
    [InlineData(RateLimitFallback.FailClosed, 0)]
    [InlineData(RateLimitFallback.LocalShare, 2)]
    public async Task While_Redis_is_down_the_choice_holds_and_afterwards_the_limit_again(RateLimitFallback fallback, int granted)
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers,
            builder => builder.AddRateLimits(limits =>
            {
                limits.Add("test", RateLimit.FixedWindow(4, TimeSpan.FromHours(1)));
                limits.WhenRedisIsDown = fallback;
                limits.Instances = 2;
            }),
            options => options.RedisTimeout = TimeSpan.FromMilliseconds(500));
        var limiter = host.Get<IRateLimits>().For("test", "key");
        Assert.True((await limiter.AcquireAsync(1, Cancellation)).IsAcquired);
        await servers.Redis.StopAsync(Cancellation);
        var count = 0;
        for (var number = 0; number < 5; number++)
        {
            using var lease = await limiter.AcquireAsync(1, Cancellation);
            count += lease.IsAcquired ? 1 : 0;
            Assert.True(lease.TryGetMetadata(MetadataName.ReasonPhrase, out var reason));
            Assert.Contains("Redis", reason, StringComparison.Ordinal);
        }

        Assert.Equal(granted, count);
        await servers.Redis.StartAsync(Cancellation);
        var remaining = 0;
        await Eventually.HappensAsync(async () =>
        {
            using var lease = await limiter.AcquireAsync(0, Cancellation);
            return lease.TryGetMetadata(RateLimitMetadata.Remaining, out remaining);
        });

        // It has come back empty: counting starts anew.
        Assert.Equal(4, remaining);
    }

    [Fact]
    public async Task More_than_the_share_of_a_process_is_refused_without_Redis_and_is_no_error()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers,
            builder => builder.AddRateLimits(limits =>
            {
                limits.Add("test", RateLimit.TokenBucket(4, 1, TimeSpan.FromHours(1)));
                limits.WhenRedisIsDown = RateLimitFallback.LocalShare;
                limits.Instances = 2;
            }),
            options => options.RedisTimeout = TimeSpan.FromMilliseconds(500));
        await servers.Redis.StopAsync(Cancellation);

        Assert.False((await host.Get<IRateLimits>().For("test", "key").AcquireAsync(3, Cancellation)).IsAcquired);
        Assert.True((await host.Get<IRateLimits>().For("test", "key").AcquireAsync(2, Cancellation)).IsAcquired);
    }

    [Fact]
    public async Task A_full_Redis_forgets_no_permit_and_the_choice_holds()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await RealtimeHost.StartAsync(servers, builder => builder.AddRateLimits(limits =>
        {
            limits.Add("test", RateLimit.FixedWindow(2, TimeSpan.FromHours(1)));
            limits.WhenRedisIsDown = RateLimitFallback.FailClosed;
        }));
        var limits = host.Get<IRateLimits>();
        Assert.True((await limits.For("test", "key").AcquireAsync(1, Cancellation)).IsAcquired);
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "1");
        Assert.False((await limits.For("test", "key").AcquireAsync(1, Cancellation)).IsAcquired);
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "0");

        Assert.True((await limits.For("test", "key").AcquireAsync(1, Cancellation)).IsAcquired);
        Assert.False((await limits.For("test", "key").AcquireAsync(1, Cancellation)).IsAcquired);
    }

    [Fact]
    public async Task A_Redis_that_hangs_costs_its_time_out_and_no_more()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => builder.AddRateLimits(), options => options.RedisTimeout = TimeSpan.FromMilliseconds(200));
        await servers.Redis.PauseAsync(Cancellation);
        try
        {
            var limits = host.Get<IRateLimits>();
            for (var number = 0; number < 100; number++)
            {
                Assert.True((await limits.For(RateLimitsOptions.DefaultPolicy, "key").AcquireAsync(1, Cancellation)).IsAcquired);
            }

            Assert.Contains(host.Logs.GetSnapshot(), line => line.Message.Contains("circuit breaker of Redis is open", StringComparison.Ordinal));
        }
        finally
        {
            await servers.Redis.ResumeAsync(Cancellation);
        }
    }
}
