using System.Diagnostics;
using System.Net.Sockets;
using HybridStore.Servers;
using Npgsql;
using StackExchange.Redis;
using static HybridStore.IntegrationTests.Servers.OwnServers;

namespace HybridStore.IntegrationTests.Servers;

/// <summary>Every fault of the proxy, seen by real clients of real servers.</summary>
public sealed class ProxyFaultTests(OwnServers servers) : IClassFixture<OwnServers>, IDisposable
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FaultProxy ToRedis => servers.Redis.Proxy;

    private FaultProxy ToPostgres => servers.Postgres.Proxy;

    public void Dispose()
    {
        ToRedis.Restore();
        ToPostgres.Restore();
    }

    [Fact]
    public async Task Latency_is_added_to_each_round_trip()
    {
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        ToRedis.Latency = TimeSpan.FromMilliseconds(80);
        Assert.InRange(await client.GetDatabase().PingAsync(), TimeSpan.FromMilliseconds(80), TimeSpan.FromSeconds(2));

        ToRedis.Requests.Latency = TimeSpan.FromMilliseconds(60);
        Assert.InRange(await client.GetDatabase().PingAsync(), TimeSpan.FromMilliseconds(140), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Latency_does_not_add_up_over_requests_on_one_connection()
    {
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        ToRedis.Latency = TimeSpan.FromMilliseconds(100);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.GetDatabase().PingAsync()));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Cut_drops_connections_and_refuses_new_ones_until_restored()
    {
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        var lost = new TaskCompletionSource();
        client.ConnectionFailed += (_, _) => lost.TrySetResult();
        ToRedis.Cut();
        await lost.Task.WaitAsync(Cancellation);
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            var refused = await Assert.ThrowsAsync<SocketException>(async () => await socket.ConnectAsync(ToRedis.Endpoint, Cancellation));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }

        ToRedis.Restore();
        await using var again = await ConnectAsync(servers.Redis.ConnectionString);
        Assert.True(await again.GetDatabase().PingAsync() >= TimeSpan.Zero);
    }

    [Fact]
    public async Task A_cut_stays_while_the_server_restarts()
    {
        ToRedis.Cut();
        await servers.Redis.RestartAsync(Cancellation);
        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectAsync(servers.Redis.ConnectionString));
        ToRedis.Restore();
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        Assert.True(client.IsConnected);
    }

    [Fact]
    public async Task Stall_keeps_connections_open_and_delivers_afterwards()
    {
        await using var connection = new NpgsqlConnection(servers.Postgres.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand("select 11", connection);
        ToPostgres.Stall();
        var (up, down) = (ToPostgres.BytesUpstream, ToPostgres.BytesDownstream);
        var answer = command.ExecuteScalarAsync(Cancellation);
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(Silence, Cancellation));
        Assert.Equal((up, down), (ToPostgres.BytesUpstream, ToPostgres.BytesDownstream));

        ToPostgres.Restore();
        Assert.Equal(11, await answer);
    }

    [Fact]
    public async Task Stall_accepts_new_connections_and_leaves_them_hanging()
    {
        ToRedis.Stall();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(ToRedis.Endpoint, Cancellation);
        await socket.SendAsync("PING\r\n"u8.ToArray(), Cancellation);
        var answer = new byte[7];
        var received = socket.ReceiveAsync(answer, Cancellation).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => received.WaitAsync(Silence, Cancellation));

        ToRedis.Restore();
        Assert.Equal("+PONG\r\n"u8.ToArray(), answer[..await received]);
    }

    [Fact]
    public async Task A_stall_of_replies_alone_lets_the_request_be_done()
    {
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        var key = RedisServer.NewKeyPrefix();
        ToRedis.Replies.Stall();
        var answer = client.GetDatabase().StringSetAsync(key, "done");
        await UntilAsync(async () => (string?)await servers.Redis.RunAsync("GET", key) == "done");
        Assert.False(answer.IsCompleted);
        ToRedis.Replies.Resume();
        Assert.True(await answer);
    }

    [Fact]
    public async Task Reset_breaks_present_connections_and_lets_new_ones_work()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(ToRedis.Endpoint, Cancellation);
        var answer = new byte[7];
        await socket.SendAsync("PING\r\n"u8.ToArray(), Cancellation);
        Assert.Equal(7, await socket.ReceiveAsync(answer, Cancellation));

        ToRedis.Reset();
        var reset = await Assert.ThrowsAsync<SocketException>(async () => await socket.ReceiveAsync(answer, Cancellation));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        Assert.True(client.IsConnected);
    }

    [Fact]
    public async Task A_throttled_flow_takes_its_time()
    {
        var key = RedisServer.NewKeyPrefix();
        await servers.Redis.RunAsync("SET", key, new string('x', 20_000));
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        ToRedis.Replies.BytesPerSecond = 50_000;
        var started = Stopwatch.GetTimestamp();
        Assert.Equal(20_000, (await client.GetDatabase().StringGetAsync(key)).Length());
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromMilliseconds(350), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Corrupted_bytes_arrive_inverted()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(ToRedis.Endpoint, Cancellation);
        ToRedis.Replies.CorruptNext(3);
        await socket.SendAsync("PING\r\n"u8.ToArray(), Cancellation);
        var answer = new byte[7];
        Assert.Equal(7, await socket.ReceiveAsync(answer, Cancellation));
        Assert.Equal([unchecked((byte)~'+'), unchecked((byte)~'P'), unchecked((byte)~'O'), .. "NG\r\n"u8], answer);
    }

    [Fact]
    public async Task Counters_count_connections_and_bytes()
    {
        var (connections, up, down) = (ToRedis.Connections, ToRedis.BytesUpstream, ToRedis.BytesDownstream);
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(ToRedis.Endpoint, Cancellation);
            await socket.SendAsync("PING\r\n"u8.ToArray(), Cancellation);
            await socket.ReceiveAsync(new byte[7], Cancellation);
        }

        // Other tests' clients may still say goodbye; it cannot be less.
        Assert.True(ToRedis.Connections > connections);
        Assert.True(ToRedis.BytesUpstream >= up + 6);
        await UntilAsync(() => Task.FromResult(ToRedis.BytesDownstream >= down + 7));
    }
}
