using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.RateLimiting;

[Collection<ClusterDefinition>]
public class ClusterTests(ServersFixture fixture, ClusterFixture cluster)
{
    [Theory]
    [InlineData(RateLimitAlgorithm.FixedWindow)]
    [InlineData(RateLimitAlgorithm.SlidingWindow)]
    [InlineData(RateLimitAlgorithm.TokenBucket)]
    public async Task On_a_cluster_each_key_has_its_limit_wherever_it_lives(RateLimitAlgorithm algorithm)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var hour = TimeSpan.FromHours(1);
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers,
            builder => builder.AddRateLimits(limits => limits.Add("test", algorithm switch
            {
                RateLimitAlgorithm.FixedWindow => RateLimit.FixedWindow(2, hour),
                RateLimitAlgorithm.SlidingWindow => RateLimit.SlidingWindow(2, hour),
                _ => RateLimit.TokenBucket(2, 1, hour),
            })),
            redis: cluster.Cluster.ConnectionString);
        foreach (var number in Enumerable.Range(0, 30))
        {
            Assert.True((await host.Get<IRateLimits>().For("test", $"key {number}").AcquireAsync(2, cancellation)).IsAcquired);
            Assert.False((await host.Get<IRateLimits>().For("test", $"key {number}").AcquireAsync(1, cancellation)).IsAcquired);
        }
    }
}
