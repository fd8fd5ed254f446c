using HybridStore.Servers;

namespace HybridStore.Realtime.Tests.Buffering;

public class RedisOutageTests(RedisOutageTests.OwnServers own) : IClassFixture<RedisOutageTests.OwnServers>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_Redis_is_down_rows_are_rejected()
    {
        var servers = await ServersAsync();
        await using var host = await StartAsync(servers, BufferOverflow.Reject);
        await servers.Redis.StopAsync(Cancellation);

        // The first ones find out that it is down.
        await Eventually.HappensAsync(async () =>
        {
            var error = await Assert.ThrowsAnyAsync<WriteBufferException>(
                () => host.Clicks().AppendAsync(Click.Of(1), Cancellation).AsTask());
            return error is BufferUnavailableException;
        });
        await Assert.ThrowsAsync<BufferUnavailableException>(() => host.Clicks().GetStatusAsync(Cancellation));
    }

    [Fact]
    public async Task While_Redis_is_down_rows_are_written_through_and_all_arrive_once()
    {
        var servers = await ServersAsync();
        await using var host = await StartAsync(servers, BufferOverflow.WriteThrough);
        await host.Clicks().AppendAsync(from: 1, count: 500);

        var appending = host.Clicks().AppendAsync(from: 501, count: 1_000);
        servers.Redis.Proxy.Cut();
        await appending;
        await host.Clicks().AppendAsync(from: 1_501, count: 20);
        Assert.InRange(await host.CountAsync(), 20, 1_520);
        servers.Redis.Proxy.Restore();
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 1_520));
    }

    [Fact]
    public async Task While_Redis_is_down_appends_wait_for_it()
    {
        var servers = await ServersAsync();
        await using var host = await StartAsync(servers, BufferOverflow.Block, TimeSpan.FromSeconds(60));
        await host.Clicks().AppendAsync(from: 1, count: 100);

        servers.Redis.Proxy.Cut();
        var appending = host.Clicks().AppendAsync(from: 101, count: 100);
        Assert.False(appending.IsCompleted);
        servers.Redis.Proxy.Restore();
        await appending;
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 200));
    }

    [Fact]
    public async Task Appends_wait_for_Redis_no_longer_than_they_may()
    {
        var servers = await ServersAsync();
        await using var host = await StartAsync(servers, BufferOverflow.Block, TimeSpan.FromMilliseconds(300));
        servers.Redis.Proxy.Cut();

        await Assert.ThrowsAnyAsync<WriteBufferException>(() => host.Clicks().AppendAsync(Click.Of(1), Cancellation).AsTask());
    }

    [Theory]
    [InlineData(BufferOverflow.Block)]
    [InlineData(BufferOverflow.WriteThrough)]
    public async Task An_append_whose_answer_was_lost_arrives_once(BufferOverflow choice)
    {
        var servers = await ServersAsync();
        await using var host = await StartAsync(servers, choice, TimeSpan.FromSeconds(60));
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);

        var cut = servers.Redis.Proxy.CutReplyAfterRequest("\"lost\"");
        await host.Clicks().AppendAsync(new Click(2, "lost"), Cancellation);
        await cut.WaitAsync(Cancellation);
        await host.Clicks().AppendAsync(from: 3, count: 200);
        await host.Clicks().FlushAsync(Cancellation);
        await EmptyAsync(host);

        await host.AssertArrivedAsync(Enumerable.Range(1, 202));
    }

    [Fact]
    public async Task An_append_that_never_came_to_Redis_is_written_through_once()
    {
        var servers = await ServersAsync();
        await using var host = await StartAsync(servers, BufferOverflow.WriteThrough);
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);

        var cut = servers.Redis.Proxy.CutBeforeRequest("\"lost\"");
        await host.Clicks().AppendAsync(new Click(2, "lost"), Cancellation);
        await cut.WaitAsync(Cancellation);
        Assert.Equal(2, await host.ScalarAsync<int>("select id from click where text = 'lost'"));
        await host.Clicks().AppendAsync(from: 3, count: 200);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 202));

        // It is forgotten once the stream is past it: as soon as Redis takes calls of this process again.
        var next = 203;
        await Eventually.HappensAsync(async () =>
        {
            await host.Clicks().AppendAsync(from: next, count: 200);
            next += 200;
            await host.Clicks().FlushAsync(Cancellation);
            return await host.ScalarAsync<long>("select count(*) from hybridstore_realtime.buffer_direct_call") == 0;
        });
    }

    [Fact]
    public async Task Of_an_append_whose_answer_was_lost_nothing_is_known_where_rows_are_rejected()
    {
        var servers = await ServersAsync();
        await using var host = await StartAsync(servers, BufferOverflow.Reject);
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);

        var cut = servers.Redis.Proxy.CutReplyAfterRequest("\"lost\"");
        await Assert.ThrowsAsync<BufferAppendUnknownException>(() => host.Clicks().AppendAsync(new Click(2, "lost"), Cancellation).AsTask());
        await cut.WaitAsync(Cancellation);
        await host.ArriveAsync(2);

        await host.AssertArrivedAsync([1, 2]);
    }

    [Fact]
    public async Task A_Redis_that_lost_everything_is_noticed_and_what_comes_later_arrives()
    {
        var servers = await ServersAsync();
        await using var host = await ClickBuffer.StartAsync(servers, options => options.RunWorkers = false);
        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2)], Cancellation);
        await servers.Redis.FlushAsync();

        await Assert.ThrowsAsync<BufferRowsLostException>(() => host.Clicks().FlushAsync(Cancellation));
        await host.Clicks().AppendAsync(from: 3, count: 200);
        await host.LoggedAsync(3404);
        await using var worker = await ClickBuffer.StartAsync(servers, besides: host);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(3, 200));
    }

    [Fact]
    public async Task Rows_that_Redis_lost_are_told_of_by_one_flush_though_later_ones_have_arrived()
    {
        var servers = await ServersAsync();
        await using var host = await ClickBuffer.StartAsync(
            servers, options => (options.RunWorkers, options.Partitions) = (false, 1));
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await servers.Redis.FlushAsync();
        await host.Clicks().AppendAsync(Click.Of(2), Cancellation);
        await using var worker = await ClickBuffer.StartAsync(servers, options => options.Partitions = 1, besides: host);
        await host.ArriveAsync(1);

        await Assert.ThrowsAsync<BufferRowsLostException>(() => host.Clicks().FlushAsync(Cancellation));
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([2]);
    }

    [Fact]
    public async Task A_Redis_that_was_emptied_after_all_had_been_flushed_has_lost_nothing_that_a_flush_tells_of()
    {
        var servers = await ServersAsync();
        await using var host = await ClickBuffer.StartAsync(servers, options => options.Partitions = 1);
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await host.Clicks().FlushAsync(Cancellation);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), line => line.Id.Id == 3404);
        await servers.Redis.FlushAsync();

        await host.Clicks().FlushAsync(Cancellation);
        await host.Clicks().AppendAsync(Click.Of(2), Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 2]);
    }

    [Fact]
    public async Task A_Redis_without_memory_is_a_full_buffer_which_its_workers_still_empty()
    {
        var servers = await ServersAsync();
        await using var host = await ClickBuffer.StartAsync(
            servers, options => (options.RunWorkers, options.WhenFull) = (false, BufferOverflow.Reject));
        await host.Clicks().AppendAsync(from: 1, count: 100);
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "1");

        await Assert.ThrowsAsync<BufferFullException>(() => host.Clicks().AppendAsync(Click.Of(101), Cancellation).AsTask());
        await using var worker = await ClickBuffer.StartAsync(servers, besides: host);
        await host.Clicks().FlushAsync(Cancellation);
        await EmptyAsync(host);

        await host.AssertArrivedAsync(Enumerable.Range(1, 100));
    }

    [Fact]
    public async Task Rows_can_be_written_through_before_Redis_has_ever_been_reached()
    {
        var servers = await ServersAsync();
        servers.Redis.Proxy.Cut();
        await using var host = await StartAsync(servers, BufferOverflow.WriteThrough, waitForRedis: false);

        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);

        await host.AssertArrivedAsync([1]);
    }

    /// <summary>The servers, whatever the test before has done to them.</summary>
    private async Task<TestServers> ServersAsync()
    {
        own.Servers.Redis.Proxy.Restore();
        await own.Servers.Redis.StartAsync(Cancellation);
        await own.Servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "0");
        return own.Servers;
    }

    private static Task<RealtimeHost> StartAsync(
        TestServers servers, BufferOverflow choice, TimeSpan? blockTimeout = null, bool waitForRedis = true) => ClickBuffer.StartAsync(
            servers,
            options =>
            {
                options.WhenRedisIsDown = choice;
                options.BlockTimeout = blockTimeout ?? options.BlockTimeout;
            },
            store => store.RedisTimeout = TimeSpan.FromMilliseconds(500),

            // The client tries again soon.
            redis: $"{servers.Redis.ConnectionString},connectTimeout=200",
            waitForRedis: waitForRedis);

    private static Task EmptyAsync(RealtimeHost host) =>
        Eventually.HappensAsync(async () => (await host.Clicks().GetStatusAsync(Cancellation)).Length == 0);

    /// <summary>Servers that only these tests disturb.</summary>
    public sealed class OwnServers : IAsyncLifetime
    {
        private TestServers? _servers;

        internal TestServers Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

        public async ValueTask InitializeAsync() =>
            _servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);

        public async ValueTask DisposeAsync()
        {
            if (_servers is not null)
            {
                await _servers.DisposeAsync();
            }
        }
    }
}
