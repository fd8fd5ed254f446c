using System.Threading.RateLimiting;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.RateLimiting;

public class LimiterTests(ServersFixture fixture)
{
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<RateLimitAlgorithm> Algorithms => [.. Enum.GetValues<RateLimitAlgorithm>()];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task While_no_time_passes_every_algorithm_counts_as_a_plain_number(RateLimitAlgorithm algorithm)
    {
        const int Limit = 20;
        await using var host = await StartAsync(Limit, algorithm);
        var limits = host.Get<IRateLimits>();
        var run = 0;
        Gen.Int[0, 6].Array[1, 30].Sample(
            asked => Task.Run(async () =>
            {
                var key = $"key {Interlocked.Increment(ref run)}";
                var left = Limit;
                foreach (var permits in asked)
                {
                    using var lease = await limits.For("test", key).AcquireAsync(permits, Cancellation);
                    if (lease.IsAcquired != (left >= Math.Max(1, permits)))
                    {
                        return false;
                    }

                    left -= lease.IsAcquired ? permits : 0;
                    if (!lease.TryGetMetadata(RateLimitMetadata.Remaining, out var remaining) || remaining != left)
                    {
                        return false;
                    }
                }

                return true;
            }).GetAwaiter().GetResult(),
            iter: 100,
            threads: 2);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Permits_above_the_limit_are_refused_with_an_exception(RateLimitAlgorithm algorithm)
    {
        await using var host = await StartAsync(5, algorithm);
        var limiter = host.Get<IRateLimits>().For("test", "key");

        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await limiter.AcquireAsync(6, Cancellation));
        Assert.Equal("permitCount", error.ParamName);
        Assert.Contains("the limit of the policy is 5", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => limiter.AttemptAcquire(6));
    }

    [Fact]
    public async Task The_blocking_way_acquires_nothing_and_counts_nothing()
    {
        await using var host = await StartAsync(1, RateLimitAlgorithm.FixedWindow);
        using var limiter = host.Get<IRateLimits>().For("test", "key");

        Assert.False(limiter.AttemptAcquire().IsAcquired);
        Assert.True((await limiter.AcquireAsync(1, Cancellation)).IsAcquired);
    }

    [Fact]
    public async Task A_limiter_that_was_refused_does_not_ask_again_before_a_permit_can_be_there()
    {
        await using var servers = await HybridStore.Servers.TestServers.StartAsync(cancellationToken: Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => builder.AddRateLimits(limits => limits.Add("test", RateLimit.FixedWindow(2, Month))));
        using var limiter = host.Get<IRateLimits>().For("test", "key");
        Assert.True((await limiter.AcquireAsync(1, Cancellation)).IsAcquired);
        Assert.False((await limiter.AcquireAsync(2, Cancellation)).IsAcquired);
        var before = await CallsAsync(servers);
        for (var number = 0; number < 10; number++)
        {
            using var refused = await limiter.AcquireAsync(2, Cancellation);
            Assert.False(refused.IsAcquired);
            Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var rest));
            Assert.InRange(rest, TimeSpan.FromDays(29), Month);
        }

        Assert.Equal(before, await CallsAsync(servers));

        // Fewer may be had all the same.
        Assert.True((await limiter.AcquireAsync(1, Cancellation)).IsAcquired);
        Assert.Equal(before + 1, await CallsAsync(servers));
        Assert.Equal((2, 11), (limiter.GetStatistics()!.TotalSuccessfulLeases, limiter.GetStatistics()!.TotalFailedLeases));
    }

    [Fact]
    public async Task A_partitioned_limiter_counts_each_key_for_itself()
    {
        await using var host = await StartAsync(1, RateLimitAlgorithm.FixedWindow);
        await using var limiter = host.Get<IRateLimits>().Partitioned<int>("test", static id => $"user {id}");

        Assert.True((await limiter.AcquireAsync(1, 1, Cancellation)).IsAcquired);
        Assert.True((await limiter.AcquireAsync(2, 1, Cancellation)).IsAcquired);
        Assert.False((await limiter.AcquireAsync(1, 1, Cancellation)).IsAcquired);
        Assert.Equal(1, limiter.GetStatistics(1)!.TotalFailedLeases);
    }

    [Fact]
    public async Task A_partition_can_be_chained_with_those_of_others()
    {
        await using var host = await StartAsync(1, RateLimitAlgorithm.FixedWindow);
        var limits = host.Get<IRateLimits>();
        await using var limiter = PartitionedRateLimiter.Create<string, string>(user => limits.Partition("test", user));

        Assert.True((await limiter.AcquireAsync("Ada", 1, Cancellation)).IsAcquired);
        Assert.False((await limiter.AcquireAsync("Ada", 1, Cancellation)).IsAcquired);
    }

    [Fact]
    public async Task Keys_of_any_text_are_told_apart()
    {
        await using var host = await StartAsync(1, RateLimitAlgorithm.FixedWindow);
        string[] keys =
        [
            "a", "{a}", "a}", "%7Ba", "\0", "\ud800", "\ud801", new('x', 128), new('x', 129), new('x', 130), "a b", "é",
            "#5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
        ];
        foreach (var key in keys)
        {
            Assert.True((await host.Get<IRateLimits>().For("test", key).AcquireAsync(1, Cancellation)).IsAcquired);
        }

        foreach (var key in keys)
        {
            Assert.False((await host.Get<IRateLimits>().For("test", key).AcquireAsync(1, Cancellation)).IsAcquired);
        }
    }

    [Fact]
    public async Task Policies_do_not_share_what_they_count()
    {
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers,
            builder => builder
                .AddRateLimits(limits => limits.Add("one", RateLimit.FixedWindow(1, Month)))
                .AddRateLimits(limits => limits.Add("two", RateLimit.FixedWindow(1, Month))));

        Assert.True((await host.Get<IRateLimits>().For("one", "key").AcquireAsync(1, Cancellation)).IsAcquired);
        Assert.True((await host.Get<IRateLimits>().For("two", "key").AcquireAsync(1, Cancellation)).IsAcquired);
        Assert.Throws<ArgumentException>(() => host.Get<IRateLimits>().For("three", "key"));
        Assert.Throws<ArgumentException>(() => host.Get<IRateLimits>().For("one", ""));
    }

    [Theory]
    [InlineData(0, 60_000)]
    [InlineData(-1, 60_000)]
    [InlineData(1, 0)]
    [InlineData(1, -1)]
    [InlineData(1, 9)]
    public void Limits_and_windows_of_nothing_are_refused_at_once(int permits, int milliseconds)
    {
        var window = TimeSpan.FromMilliseconds(milliseconds);

        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.FixedWindow(permits, window));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.SlidingWindow(permits, window));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.TokenBucket(permits, 1, window));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.TokenBucket(1, permits > 0 ? 0 : permits, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void A_bucket_that_would_not_be_full_again_within_a_year_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.TokenBucket(1_000_000, 1, TimeSpan.FromDays(1)));

    private static async Task<long> CallsAsync(HybridStore.Servers.TestServers servers)
    {
        var info = (string)(await servers.Redis.RunAsync("INFO", "commandstats"))!;
        return info.Split('\n').Where(line => line.StartsWith("cmdstat_evalsha:", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split("calls=")[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    private Task<RealtimeHost> StartAsync(int limit, RateLimitAlgorithm algorithm) => RealtimeHost.StartAsync(
        fixture.Servers,
        builder => builder.AddRateLimits(limits => limits.Add("test", algorithm switch
        {
            RateLimitAlgorithm.FixedWindow => RateLimit.FixedWindow(limit, Month),
            RateLimitAlgorithm.SlidingWindow => RateLimit.SlidingWindow(limit, Month),
            _ => RateLimit.TokenBucket(limit, 1, TimeSpan.FromDays(10)),
        })));
}
