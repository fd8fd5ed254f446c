using System.Net;
using System.Net.Sockets;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Servers;

/// <summary>The proxy as such, between plain sockets.</summary>
public sealed class FaultProxyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_refuses_while_there_is_no_server_and_listens_on_the_same_port_when_there_is()
    {
        using var listener = Listen();
        await using var proxy = FaultProxy.Start();
        for (var round = 0; round < 20; round++)
        {
            var refused = await Assert.ThrowsAsync<SocketException>(async () => (await ConnectAsync(proxy)).Dispose());
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);

            proxy.Upstream = listener.LocalEndpoint;
            using var client = await ConnectAsync(proxy);
            using var server = await listener.AcceptSocketAsync(Cancellation);
            await client.SendAsync("x"u8.ToArray(), Cancellation);
            Assert.Equal((byte)'x', await ReceiveByteAsync(server));
            proxy.Upstream = null;
            await server.SendAsync("y"u8.ToArray(), Cancellation);
            Assert.Equal((byte)'y', await ReceiveByteAsync(client));
        }
    }

    [Fact]
    public async Task It_follows_a_server_that_moves()
    {
        using var first = Listen();
        using var second = Listen();
        await using var proxy = FaultProxy.Start(first.LocalEndpoint);
        using var one = await ConnectAsync(proxy);
        using var atFirst = await first.AcceptSocketAsync(Cancellation);
        proxy.Upstream = second.LocalEndpoint;
        using var two = await ConnectAsync(proxy);
        using var atSecond = await second.AcceptSocketAsync(Cancellation);
        await one.SendAsync("1"u8.ToArray(), Cancellation);
        await two.SendAsync("2"u8.ToArray(), Cancellation);
        Assert.Equal((byte)'1', await ReceiveByteAsync(atFirst));
        Assert.Equal((byte)'2', await ReceiveByteAsync(atSecond));
    }

    [Fact]
    public async Task A_half_closed_connection_still_answers()
    {
        using var listener = Listen();
        await using var proxy = FaultProxy.Start(listener.LocalEndpoint);
        using var client = await ConnectAsync(proxy);
        using var server = await listener.AcceptSocketAsync(Cancellation);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await server.ReceiveAsync(new byte[1], Cancellation));
        await server.SendAsync("x"u8.ToArray(), Cancellation);
        Assert.Equal((byte)'x', await ReceiveByteAsync(client));
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1], Cancellation));
    }

    [Fact]
    public async Task A_server_that_refuses_resets_the_client()
    {
        EndPoint gone;
        using (var listener = Listen())
        {
            gone = listener.LocalEndpoint;
        }

        await using var proxy = FaultProxy.Start(gone);
        var reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            // The reset may come as early as the connection itself.
            using var client = await ConnectAsync(proxy);
            await client.ReceiveAsync(new byte[1], Cancellation);
        });
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [Fact]
    public async Task Large_transfers_arrive_whole_in_both_directions()
    {
        using var listener = Listen();
        await using var proxy = FaultProxy.Start(listener.LocalEndpoint);
        using var client = await ConnectAsync(proxy);
        using var server = await listener.AcceptSocketAsync(Cancellation);
        var sent = new byte[5_000_000];
        new Random(1).NextBytes(sent);
        var received = await Task.WhenAll(
            ReceiveAsync(server, sent.Length), ReceiveAsync(client, sent.Length), SendAsync(client, sent), SendAsync(server, sent));
        Assert.True(received[0].AsSpan().SequenceEqual(sent));
        Assert.True(received[1].AsSpan().SequenceEqual(sent));
        Assert.Equal((sent.Length, sent.Length), (proxy.BytesUpstream, proxy.BytesDownstream));
    }

    [Fact]
    public async Task Disposal_ends_stalled_and_delayed_connections()
    {
        using var listener = Listen();
        var proxy = FaultProxy.Start(listener.LocalEndpoint);
        using var client = await ConnectAsync(proxy);
        using var server = await listener.AcceptSocketAsync(Cancellation);
        proxy.Requests.Stall();
        proxy.Replies.Latency = TimeSpan.FromHours(1);
        await client.SendAsync("a"u8.ToArray(), Cancellation);
        await server.SendAsync("b"u8.ToArray(), Cancellation);
        await proxy.DisposeAsync();
        await proxy.DisposeAsync();
        Assert.Equal(0, proxy.OpenConnections);
        await Assert.ThrowsAsync<SocketException>(async () => await client.ReceiveAsync(new byte[1], Cancellation));
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static async Task<Socket> ConnectAsync(FaultProxy proxy)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(proxy.Endpoint, Cancellation);
        return socket;
    }

    private static async Task<byte[]> SendAsync(Socket socket, byte[] bytes)
    {
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(bytes, Cancellation);
        return bytes;
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, int length)
    {
        await using var stream = new NetworkStream(socket);
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, Cancellation);
        return bytes;
    }

    private static async Task<byte> ReceiveByteAsync(Socket socket)
    {
        var received = new byte[1];
        Assert.Equal(1, await socket.ReceiveAsync(received, Cancellation));
        return received[0];
    }
}
