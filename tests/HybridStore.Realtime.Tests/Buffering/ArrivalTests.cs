using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Buffering;

public class ArrivalTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_that_were_appended_are_in_the_table_after_a_flush()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.FlushInterval = TimeSpan.FromHours(1));

        await host.Clicks().AppendAsync(new Click(1, "one"), Cancellation);
        await host.Clicks().AppendAsync(new Click(2, null), Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 2]);
        Assert.Equal("one", await host.ScalarAsync<string>("select text from click where id = 1"));
        Assert.Equal(2, await host.ScalarAsync<int>("select id from click where text is null"));
    }

    [Fact]
    public async Task A_flush_of_an_empty_buffer_ends_at_once()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.RunWorkers = false);

        await host.Clicks().FlushAsync(Cancellation);
    }

    [Fact]
    public async Task Rows_arrive_by_themselves_when_they_have_waited_long_enough()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers);

        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);

        await host.ArriveAsync(1);
    }

    [Fact]
    public async Task A_full_batch_is_written_before_its_time()
    {
        await using var host = await ClickBuffer.StartAsync(
            fixture.Servers,
            options =>
            {
                (options.FlushInterval, options.MaximumBatchRows, options.Partitions) = (TimeSpan.FromHours(1), 10, 1);
            });
        await host.Clicks().FlushAsync(Cancellation);

        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 10).Select(Click.Of)], Cancellation);

        await host.ArriveAsync(10);
    }

    [Fact]
    public async Task A_full_batch_of_another_process_is_written_before_its_time()
    {
        await using var host = await ClickBuffer.StartAsync(
            fixture.Servers,
            options =>
            {
                (options.FlushInterval, options.MaximumBatchRows, options.Partitions) = (TimeSpan.FromHours(1), 10, 1);
            });
        await using var other = await ClickBuffer.StartAsync(
            fixture.Servers, options => (options.RunWorkers, options.Partitions) = (false, 1), besides: host);

        await other.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 10).Select(Click.Of)], Cancellation);

        await host.ArriveAsync(10);
    }

    [Fact]
    public async Task Many_rows_of_one_call_all_arrive_once()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.MaximumBatchRows = 700);

        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 10_000).Select(Click.Of)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 10_000));
    }

    [Fact]
    public async Task Rows_of_64_callers_all_arrive_once()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers);

        await host.Clicks().AppendAsync(from: 1, count: 20_000);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 20_000));
    }

    [Fact]
    public async Task Two_buffers_of_one_store_are_apart()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder =>
        {
            builder.AddWriteBuffer<Click>("clicks", options => options.Map("id", click => click.Id).Table = "click");
            builder.AddWriteBuffer<string>("words", options => options.Map("word", word => word).Table = "word");
        });
        await host.ExecuteAsync("create table click (id integer); create table word (word text)");

        await host.Get<IWriteBuffer<Click>>().AppendAsync(Click.Of(1), Cancellation);
        await host.Get<IWriteBuffer<string>>().AppendAsync("hello", Cancellation);
        await host.Get<IWriteBuffer<Click>>().FlushAsync(Cancellation);
        await host.Get<IWriteBuffer<string>>().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1]);
        Assert.Equal("hello", await host.ScalarAsync<string>("select word from word"));
    }

    [Fact]
    public async Task The_status_tells_what_waits_and_what_has_arrived()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.RunWorkers = false);

        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2), Click.Of(3)], Cancellation);
        var waiting = await host.Clicks().GetStatusAsync(Cancellation);
        await using var worker = await ClickBuffer.StartAsync(fixture.Servers, besides: host);
        await host.Clicks().FlushAsync(Cancellation);
        await Eventually.HappensAsync(async () => (await host.Clicks().GetStatusAsync(Cancellation)).Length == 0);
        var empty = await host.Clicks().GetStatusAsync(Cancellation);

        Assert.Equal((3, 0, 0), (waiting.Length, waiting.WrittenRows, waiting.DeadLetters));
        Assert.InRange(waiting.Bytes, 3 * 10, 3 * 100);
        Assert.InRange(waiting.OldestAge, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal((0, 0, 3), (empty.Length, empty.Bytes, empty.WrittenRows));
        Assert.Equal(TimeSpan.Zero, empty.OldestAge);
    }

    [Fact]
    public async Task Stopping_the_host_brings_everything_into_the_table()
    {
        await using var host = await ClickBuffer.StartAsync(
            fixture.Servers, options => (options.FlushInterval, options.MaximumBatchRows) = (TimeSpan.FromHours(1), 300));
        await host.Clicks().FlushAsync(Cancellation);
        await Eventually.HappensAsync(async () => await ClaimsAsync(host) == 4);
        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 1_000).Select(Click.Of)], Cancellation);

        await host.StopAsync();

        await host.AssertArrivedAsync(Enumerable.Range(1, 1_000));
        await Eventually.HappensAsync(async () => await ClaimsAsync(host) == 0);
    }

    private static Task<int> ClaimsAsync(RealtimeHost host) => host.ScalarAsync<int>(
        "select count(*)::integer from pg_locks where locktype = 'advisory' and objsubid = 2 and objid > 0 and mode = 'ExclusiveLock' "
        + "and database = (select oid from pg_database where datname = current_database())");
}
