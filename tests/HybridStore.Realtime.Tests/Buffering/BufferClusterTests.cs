namespace HybridStore.Realtime.Tests.Buffering;

[Collection<ClusterDefinition>]
public class BufferClusterTests(ServersFixture fixture, ClusterFixture cluster)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_of_two_processes_arrive_once_through_a_cluster()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 8, redis: cluster.Cluster.ConnectionString);
        await using var other = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 8, besides: host);

        await Task.WhenAll(
            host.Clicks().AppendAsync(from: 1, count: 5_000),
            other.Clicks().AppendAsync(from: 5_001, count: 5_000),
            host.Clicks().AppendRangeAsync([.. Enumerable.Range(10_001, 5_000).Select(Click.Of)], Cancellation).AsTask());
        await host.Clicks().FlushAsync(Cancellation);
        await other.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 15_000));
        await Eventually.HappensAsync(async () => (await host.Clicks().GetStatusAsync(Cancellation)).Length == 0);
    }
}
