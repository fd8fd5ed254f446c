using System.Diagnostics;
using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.RateLimiting;

public class TokenBucketTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bucket_lets_a_burst_through_and_then_its_rate()
    {
        // 100 at once, then one each 5 ms.
        await using var host = await StartAsync(RateLimit.TokenBucket(100, 200, TimeSpan.FromSeconds(1)));
        var limits = host.Get<IRateLimits>();
        var startedAt = Stopwatch.GetTimestamp();
        using (var burst = await limits.For("test", "key").AcquireAsync(100, Cancellation))
        {
            Assert.True(burst.IsAcquired);
        }

        var granted = 100;
        long endedAt;
        do
        {
            endedAt = Stopwatch.GetTimestamp();
            using var lease = await limits.For("test", "key").AcquireAsync(1, Cancellation);
            granted += lease.IsAcquired ? 1 : 0;
        }
        while (Stopwatch.GetElapsedTime(startedAt, endedAt) < TimeSpan.FromMilliseconds(500));

        var longest = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        Assert.InRange(granted, 101, 100 + (200 * longest) + 1);
    }

    [Fact]
    public async Task A_refusal_tells_when_enough_will_have_come_back()
    {
        await using var host = await StartAsync(RateLimit.TokenBucket(10, 1, TimeSpan.FromSeconds(10)));
        var limits = host.Get<IRateLimits>();
        Assert.True((await limits.For("test", "key").AcquireAsync(10, Cancellation)).IsAcquired);
        using var refused = await limits.For("test", "key").AcquireAsync(3, Cancellation);

        Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter));
        Assert.InRange(retryAfter, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_full_bucket_is_no_key()
    {
        await using var host = await StartAsync(RateLimit.TokenBucket(10, 10, TimeSpan.FromSeconds(10)));
        Assert.True((await host.Get<IRateLimits>().For("test", "key").AcquireAsync(4, Cancellation)).IsAcquired);

        Assert.InRange((await host.Redis.KeyTimeToLiveAsync($"{host.Prefix}:limit-t:test:{{key}}"))!.Value.TotalSeconds, 1, 4.1);
    }

    [Fact]
    public async Task A_bucket_of_a_clock_that_was_set_back_fills_up_from_now_on()
    {
        await using var host = await StartAsync(RateLimit.TokenBucket(10, 1000, TimeSpan.FromSeconds(1)));
        var name = $"{host.Prefix}:limit-t:test:{{key}}";
        await host.Redis.StringSetAsync(name, (byte[])[.. BitConverter.GetBytes(0.0), .. BitConverter.GetBytes(9e15)]);
        var startedAt = Stopwatch.GetTimestamp();
        while (!(await host.Get<IRateLimits>().For("test", "key").AcquireAsync(10, Cancellation)).IsAcquired)
        {
            Assert.True(Stopwatch.GetElapsedTime(startedAt) < TimeSpan.FromSeconds(10));
        }
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 })]
    public async Task What_is_no_bucket_is_a_full_one(byte[] state)
    {
        await using var host = await StartAsync(RateLimit.TokenBucket(2, 1, TimeSpan.FromHours(1)));
        await host.Redis.StringSetAsync($"{host.Prefix}:limit-t:test:{{key}}", state);

        Assert.True((await host.Get<IRateLimits>().For("test", "key").AcquireAsync(2, Cancellation)).IsAcquired);
        Assert.False((await host.Get<IRateLimits>().For("test", "key").AcquireAsync(1, Cancellation)).IsAcquired);
    }

    private Task<RealtimeHost> StartAsync(RateLimit limit) =>
        RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddRateLimits(limits => limits.Add("test", limit)));
}
