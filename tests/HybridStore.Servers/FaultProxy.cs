using System.Net;
using System.Net.Sockets;
using System.Text;
using HybridStore.Servers.Proxying;

namespace HybridStore.Servers;

/// <summary>
/// A TCP proxy with a fixed address on 127.0.0.1 and switches for the ways a network fails. The server behind it may
/// move to another port or be gone; clients keep the one address.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Socket _reservation;
    private readonly Dictionary<ProxyConnection, Task> _connections = [];
    private readonly RequestTriggers _triggers = new();
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private EndPoint? _upstream;
    private bool _cut;
    private bool _disposed;
    private long _accepted;

    private FaultProxy()
    {
        _reservation = BindLoopback(0);
        Endpoint = (IPEndPoint)_reservation.LocalEndPoint!;
    }

    /// <summary>Where clients connect; the same for the proxy's whole life.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>The port of <see cref="Endpoint"/>.</summary>
    public int Port => Endpoint.Port;

    /// <summary>Bytes on their way from the clients to the server.</summary>
    public ProxyFlow Requests { get; } = new();

    /// <summary>Bytes on their way from the server to the clients.</summary>
    public ProxyFlow Replies { get; } = new();

    /// <summary>Time added to each round trip (it is taken on the way back).</summary>
    public TimeSpan Latency
    {
        get => Replies.Latency;
        set => Replies.Latency = value;
    }

    /// <summary>Connections accepted so far.</summary>
    public long Connections => Interlocked.Read(ref _accepted);

    /// <summary>Connections open now.</summary>
    public int OpenConnections
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Bytes delivered to the server so far.</summary>
    public long BytesUpstream => Requests.Bytes;

    /// <summary>Bytes delivered to the clients so far.</summary>
    public long BytesDownstream => Replies.Bytes;

    /// <summary>
    /// The server behind the proxy. Null means that there is none now: the port stays reserved and refuses connections,
    /// as a machine does on which the server is not running. Open connections are not touched.
    /// </summary>
    public EndPoint? Upstream
    {
        get
        {
            lock (_gate)
            {
                return _upstream;
            }
        }

        set
        {
            lock (_gate)
            {
                _upstream = value;
                ListenWhereDue();
            }
        }
    }

    /// <summary>Starts a proxy on a free port of 127.0.0.1.</summary>
    public static FaultProxy Start(EndPoint? upstream = null)
    {
        var proxy = new FaultProxy();
        proxy.Upstream = upstream;
        return proxy;
    }

    /// <summary>Drops all connections and refuses new ones until <see cref="Restore"/>.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            _cut = true;
            ListenWhereDue();
        }

        Reset();
    }

    /// <summary>
    /// Half-open: connections stay, new ones are accepted, and no byte passes either way until <see cref="Restore"/>.
    /// What is sent meanwhile arrives afterwards. One direction only: <see cref="ProxyFlow.Stall"/>.
    /// </summary>
    public void Stall()
    {
        Requests.Stall();
        Replies.Stall();
    }

    /// <summary>Resets (RST) all present connections on both sides. New ones work.</summary>
    public void Reset()
    {
        ProxyConnection[] connections;
        lock (_gate)
        {
            connections = [.. _connections.Keys];
        }

        foreach (var connection in connections)
        {
            connection.Abort();
        }
    }

    /// <summary>Ends every fault and disarms what waits for a request.</summary>
    public void Restore()
    {
        _triggers.Disarm();
        Requests.Restore();
        Replies.Restore();
        lock (_gate)
        {
            _cut = false;
            ListenWhereDue();
        }
    }

    /// <summary>
    /// Lets the next request that contains <paramref name="marker"/> reach the server, waits for the server's answer,
    /// throws the answer away and resets the client's connection: it was done, and nobody was told. The task ends when
    /// that has happened.
    /// </summary>
    public Task CutReplyAfterRequest(ReadOnlyMemory<byte> marker) => _triggers.Arm(marker, TriggerAction.CutReply).Happened;

    /// <inheritdoc cref="CutReplyAfterRequest(ReadOnlyMemory{byte})"/>
    public Task CutReplyAfterRequest(string marker) => CutReplyAfterRequest(Encoding.UTF8.GetBytes(marker));

    /// <summary>
    /// Resets the connection on which the next request with <paramref name="marker"/> comes; the server never sees that
    /// request. The client cannot tell this from <see cref="CutReplyAfterRequest(ReadOnlyMemory{byte})"/>.
    /// </summary>
    public Task CutBeforeRequest(ReadOnlyMemory<byte> marker) => _triggers.Arm(marker, TriggerAction.CutRequest).Happened;

    /// <inheritdoc cref="CutBeforeRequest(ReadOnlyMemory{byte})"/>
    public Task CutBeforeRequest(string marker) => CutBeforeRequest(Encoding.UTF8.GetBytes(marker));

    /// <summary>Keeps the next request that contains <paramref name="marker"/> from the server until it is released.</summary>
    public HeldTraffic HoldRequest(ReadOnlyMemory<byte> marker) => new(_triggers.Arm(marker, TriggerAction.HoldRequest));

    /// <inheritdoc cref="HoldRequest(ReadOnlyMemory{byte})"/>
    public HeldTraffic HoldRequest(string marker) => HoldRequest(Encoding.UTF8.GetBytes(marker));

    /// <summary>
    /// Passes the next request that contains <paramref name="marker"/> and keeps the server's answer until it is released.
    /// </summary>
    public HeldTraffic HoldReply(ReadOnlyMemory<byte> marker) => new(_triggers.Arm(marker, TriggerAction.HoldReply));

    /// <inheritdoc cref="HoldReply(ReadOnlyMemory{byte})"/>
    public HeldTraffic HoldReply(string marker) => HoldReply(Encoding.UTF8.GetBytes(marker));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            ListenWhereDue();
            running = [.. _connections.Values, _accepting];
        }

        _triggers.Disarm();
        Reset();
        await Task.WhenAll(running);
        _reservation.Dispose();
    }

    private void ListenWhereDue()
    {
        var due = !_disposed && !_cut && _upstream is not null;
        if (due && _listener is null)
        {
            _listener = BindLoopback(Port);
            _listener.Listen(512);
            _accepting = Task.WhenAll(_accepting, AcceptAsync(_listener));
        }
        else if (!due && _listener is not null)
        {
            _listener.Dispose();
            _listener = null;
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        // Off the caller's thread at once: the caller holds the lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                if (exception is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted })
                {
                    continue; // A client that went away while it waited in the backlog.
                }

                return; // The listener was closed: cut, server gone or disposed.
            }

            Interlocked.Increment(ref _accepted);
            lock (_gate)
            {
                if (_listener != listener || _upstream is null)
                {
                    client.Close(0);
                    continue;
                }

                var connection = new ProxyConnection(client, _upstream, Requests, Replies, _triggers);
                _connections[connection] = RunAsync(connection);
            }
        }
    }

    private async Task RunAsync(ProxyConnection connection)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using (connection)
        {
            await connection.RunAsync();
        }

        lock (_gate)
        {
            _connections.Remove(connection);
        }
    }

    /// <summary>
    /// The reservation is bound for good and never listens, so that nobody else gets the port while the listener is
    /// closed, and a connection attempt is refused then. Both sockets share the port through the reuse option.
    /// </summary>
    private static Socket BindLoopback(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }
}
