using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Counters;

[Collection<ClusterDefinition>]
public class ClusterTests(ServersFixture fixture, ClusterFixture cluster)
{
    [Fact]
    public async Task On_a_cluster_each_counter_counts_wherever_it_lives()
    {
        var cancellation = TestContext.Current.CancellationToken;
        string[] names = [.. Enumerable.Range(0, 20).Select(number => $"counter {number}")];
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers,
            builder => builder.AddRollingCounters(counters => Array.ForEach(names, name => counters.Add(name))),
            redis: cluster.Cluster.ConnectionString);
        foreach (var name in names)
        {
            var counter = host.Get<IRollingCounters>().Get(name);
            Assert.True(await counter.IncrementAsync("a", 2, cancellation));
            Assert.True(await counter.IncrementAsync("b", 3, cancellation));
            Assert.Equal(5, await counter.TotalAsync(cancellationToken: cancellation));
            Assert.Equal(["b", "a"], (await counter.TopAsync(5, cancellationToken: cancellation)).Select(count => count.Member));
        }
    }
}
