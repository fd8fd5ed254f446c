using System.Threading.RateLimiting;
using HybridStore.Realtime.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.RateLimiting;

public class FixedWindowTests(ServersFixture fixture)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_further_settings_there_are_100_permits_in_60_seconds()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddRateLimits());
        var limits = host.Get<IRateLimits>();
        for (var number = 0; number < 100; number++)
        {
            using var granted = await limits.For(RateLimitsOptions.DefaultPolicy, "Ada").AcquireAsync(1, Cancellation);
            Assert.True(granted.IsAcquired);
        }

        using var refused = await limits.For(RateLimitsOptions.DefaultPolicy, "Ada").AcquireAsync(1, Cancellation);
        using var other = await limits.For(RateLimitsOptions.DefaultPolicy, "Grace").AcquireAsync(1, Cancellation);

        Assert.False(refused.IsAcquired);
        Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter));
        Assert.InRange(retryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Assert.True(refused.TryGetMetadata(RateLimitMetadata.Limit, out var limit));
        Assert.Equal(100, limit);
        Assert.True(other.IsAcquired);
        Assert.True(other.TryGetMetadata(RateLimitMetadata.Remaining, out var remaining));
        Assert.Equal(99, remaining);
    }

    [Fact]
    public async Task A_window_ends_on_time_however_often_it_is_hit()
    {
        var window = TimeSpan.FromMilliseconds(400);
        await using var host = await StartAsync(RateLimit.FixedWindow(3, window));
        Assert.True(await AcquireAsync(host, 3));

        // The first to be granted once more: asked of Redis all the time, and refused, which must not put off the end.
        var askedAt = TimeProvider.System.GetTimestamp();
        var refusals = 0;
        while (!await AcquireAsync(host))
        {
            refusals++;
        }

        Assert.InRange(refusals, 10, int.MaxValue);
        Assert.True(TimeProvider.System.GetElapsedTime(askedAt) < TimeSpan.FromSeconds(10));
        Assert.True(await AcquireAsync(host, 2));
        Assert.False(await AcquireAsync(host));
    }

    [Fact]
    public async Task Refused_permits_are_not_counted()
    {
        await using var host = await StartAsync(RateLimit.FixedWindow(10, Hour));

        Assert.True(await AcquireAsync(host, 8));
        Assert.False(await AcquireAsync(host, 3));
        Assert.True(await AcquireAsync(host, 2));
        Assert.False(await AcquireAsync(host));
    }

    [Fact]
    public async Task Zero_permits_ask_and_take_none()
    {
        await using var host = await StartAsync(RateLimit.FixedWindow(1, Hour));

        Assert.True(await AcquireAsync(host, 0));
        Assert.True(await AcquireAsync(host, 0));
        Assert.True(await AcquireAsync(host));
        Assert.False(await AcquireAsync(host, 0));
    }

    [Fact]
    public async Task Two_processes_with_64_callers_each_get_no_more_than_the_limit_together()
    {
        const int Limit = 1500;
        const int Asked = 2000;
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => PermitWork.Register(builder, Limit));
        await using var worker = await WorkerProcess.StartAsync("permits", host, $"{Limit}", $"{Asked}");
        await worker.GoAsync();
        var own = await PermitWork.AskAsync(host.Get<IRateLimits>(), Asked);
        var others = int.Parse(await worker.ResultAsync(), System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(Limit, own + others);
    }

    [Theory]
    [InlineData("set", "a", "b")]
    [InlineData("SET", "not a number", "")]
    [InlineData("SET", "9223372036854775807", "")]
    public async Task What_is_no_window_gives_way(string command, string first, string second)
    {
        await using var host = await StartAsync(RateLimit.FixedWindow(2, Hour));
        var name = $"{host.Prefix}:limit-f:test:{{key}}";
        if (command == "set")
        {
            await host.Redis.SetAddAsync(name, [first, second]);
        }
        else
        {
            await host.Redis.StringSetAsync(name, first);
        }

        Assert.True(await AcquireAsync(host, 2));
        Assert.False(await AcquireAsync(host));
    }

    [Fact]
    public async Task A_window_without_an_end_gets_one()
    {
        await using var host = await StartAsync(RateLimit.FixedWindow(2, TimeSpan.FromMilliseconds(200)));
        await host.Redis.StringSetAsync($"{host.Prefix}:limit-f:test:{{key}}", 2);
        while (!await AcquireAsync(host, 2))
        {
            Cancellation.ThrowIfCancellationRequested();
        }

        Assert.InRange((await host.Redis.KeyTimeToLiveAsync($"{host.Prefix}:limit-f:test:{{key}}"))!.Value.TotalMilliseconds, 0, 200);
    }

    private Task<RealtimeHost> StartAsync(RateLimit limit) =>
        RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddRateLimits(limits => limits.Add("test", limit)));

    private static async Task<bool> AcquireAsync(RealtimeHost host, int permits = 1)
    {
        using var lease = await host.Get<IRateLimits>().For("test", "key").AcquireAsync(permits, Cancellation);
        return lease.IsAcquired;
    }
}
