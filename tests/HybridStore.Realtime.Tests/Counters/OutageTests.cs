using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Counters;

public class OutageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_Redis_is_down_counting_says_so_and_reading_throws()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers,
            builder => builder.AddRollingCounters(counters => counters.Add("test")),
            options => options.RedisTimeout = TimeSpan.FromMilliseconds(500));
        var counter = host.Get<IRollingCounters>().Get("test");
        Assert.True(await counter.IncrementAsync("a", 1, Cancellation));
        await servers.Redis.StopAsync(Cancellation);

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => counter.IncrementAsync("a", 1, Cancellation).AsTask())), Assert.False);
        await Assert.ThrowsAsync<RealtimeUnavailableException>(() => counter.SumAsync("a", cancellationToken: Cancellation));
        await Assert.ThrowsAsync<RealtimeUnavailableException>(() => counter.TopAsync(3, cancellationToken: Cancellation));

        await servers.Redis.StartAsync(Cancellation);
        await Eventually.HappensAsync(async () => await counter.IncrementAsync("a", 1, Cancellation));

        // It has come back empty.
        Assert.Equal(1, await counter.TotalAsync(cancellationToken: Cancellation));
    }
}
