namespace HybridStore.Realtime.Tests.Buffering;

public class BufferLifeTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_buffer_that_is_disposed_of_without_having_been_stopped_lets_go_of_its_partitions()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers);
        await Eventually.HappensAsync(async () => await ClaimsAsync(host) > 0);

        ((IDisposable)host.Clicks()).Dispose();

        await Eventually.HappensAsync(async () => await ClaimsAsync(host) == 0);
    }

    [Fact]
    public async Task Processes_that_are_long_gone_are_forgotten()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers);
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await host.Clicks().FlushAsync(Cancellation);
        await host.ExecuteAsync(
            """
            insert into hybridstore_realtime.buffer_producer (buffer, partition, producer, call, written_at)
            select buffer, partition, gen_random_uuid(), 7, now() - age from hybridstore_realtime.buffer_producer,
              unnest(array['30 days 12 hours', '32 days']::interval[]) age
            """);
        await host.StopAsync();

        await using var next = await ClickBuffer.StartAsync(fixture.Servers, besides: host);
        await Eventually.HappensAsync(async () => await CountAsync(host, "31 days") == 0);

        Assert.Equal(1, await CountAsync(host, "30 days"));
    }

    private static Task<long> ClaimsAsync(RealtimeHost host) => host.ScalarAsync<long>(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'HybridStore buffer'");

    private static Task<long> CountAsync(RealtimeHost host, string age) => host.ScalarAsync<long>(
        $"select count(*) from hybridstore_realtime.buffer_producer where written_at < now() - interval '{age}'");
}
