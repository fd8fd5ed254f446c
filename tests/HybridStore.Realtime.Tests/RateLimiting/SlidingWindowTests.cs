using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.RateLimiting;

public class SlidingWindowTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(10)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_stretch_as_long_as_the_window_has_more_than_the_limit(int segments)
    {
        const int Limit = 40;
        var window = TimeSpan.FromMilliseconds(150);
        await using var host = await StartAsync(RateLimit.SlidingWindow(Limit, window, segments));
        var limits = host.Get<IRateLimits>();
        var granted = new ConcurrentBag<(long Before, long After)>();
        var startedAt = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(startedAt) < window * 8)
            {
                var before = Stopwatch.GetTimestamp();
                using var lease = await limits.For("test", "key").AcquireAsync(1, Cancellation);
                if (lease.IsAcquired)
                {
                    granted.Add((before, Stopwatch.GetTimestamp()));
                }
            }
        }));

        // What surely lies within a window after any permit, whenever exactly each was granted.
        var most = granted.Max(first => granted.Count(
            other => other.Before >= first.Before && Stopwatch.GetElapsedTime(first.Before, other.After) < window));
        Assert.InRange(most, 1, Limit);

        // And it goes on: at least one window's worth came after the first one.
        Assert.InRange(granted.Count, 2 * Limit, int.MaxValue);
    }

    [Fact]
    public async Task Who_comes_back_when_told_to_is_let_through()
    {
        await using var host = await StartAsync(RateLimit.SlidingWindow(2, TimeSpan.FromMilliseconds(300)));
        var limits = host.Get<IRateLimits>();
        Assert.True((await limits.For("test", "key").AcquireAsync(2, Cancellation)).IsAcquired);
        using var refused = await limits.For("test", "key").AcquireAsync(2, Cancellation);
        var refusedBy = await NowAsync(host);
        Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter));
        Assert.InRange(retryAfter, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(331));
        await Eventually.HappensAsync(async () => await NowAsync(host) - refusedBy >= retryAfter);

        Assert.True((await limits.For("test", "key").AcquireAsync(2, Cancellation)).IsAcquired);
    }

    [Fact]
    public async Task What_a_clock_that_was_set_back_has_left_counts_as_taken_now()
    {
        await using var host = await StartAsync(RateLimit.SlidingWindow(2, TimeSpan.FromMilliseconds(300), 1));
        var name = $"{host.Prefix}:limit-s:test:300000x1:{{key}}";
        await host.Redis.StringSetAsync(name, (byte[])[.. BitConverter.GetBytes(1e15), .. BitConverter.GetBytes(2u)]);

        Assert.False((await host.Get<IRateLimits>().For("test", "key").AcquireAsync(1, Cancellation)).IsAcquired);
        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(name))!.Value.TotalMilliseconds, 0, 600);
    }

    [Fact]
    public async Task What_is_no_window_gives_way()
    {
        await using var host = await StartAsync(RateLimit.SlidingWindow(2, TimeSpan.FromSeconds(10)));
        await host.Redis.ListLeftPushAsync($"{host.Prefix}:limit-s:test:1000000x10:{{key}}", "x");

        Assert.True((await host.Get<IRateLimits>().For("test", "key").AcquireAsync(2, Cancellation)).IsAcquired);
        Assert.False((await host.Get<IRateLimits>().For("test", "key").AcquireAsync(1, Cancellation)).IsAcquired);
    }

    /// <summary>By the clock that counts.</summary>
    private static async Task<TimeSpan> NowAsync(RealtimeHost host)
    {
        var time = (long[])(await host.Redis.ExecuteAsync("TIME"))!;
        return TimeSpan.FromSeconds(time[0]) + TimeSpan.FromMicroseconds(time[1]);
    }

    private Task<RealtimeHost> StartAsync(RateLimit limit) =>
        RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddRateLimits(limits => limits.Add("test", limit)));
}
