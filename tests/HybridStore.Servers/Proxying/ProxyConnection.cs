using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace HybridStore.Servers.Proxying;

/// <summary>
/// One client's connection and its connection to the server. Each direction has a reader that stamps what it reads with
/// the time it is due and a writer that delivers it then, so that added latency does not cost throughput.
/// </summary>
internal sealed class ProxyConnection : IDisposable
{
    private const int ChunkBytes = 16 * 1024;
    private const int QueuedChunks = 64;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    private readonly Socket _client;
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly EndPoint _upstream;
    private readonly ProxyFlow _requests;
    private readonly ProxyFlow _replies;
    private readonly RequestTriggers _triggers;
    private readonly RequestScanner _scanner = new();
    private readonly CancellationTokenSource _ended = new();
    private volatile bool _cuttingReply;
    private RequestTrigger? _onReply;

    public ProxyConnection(Socket client, EndPoint upstream, ProxyFlow requests, ProxyFlow replies, RequestTriggers triggers)
    {
        _client = client;
        _upstream = upstream;
        _requests = requests;
        _replies = replies;
        _triggers = triggers;
    }

    /// <summary>Resets both sides.</summary>
    public void Abort()
    {
        _ended.Cancel();
        ResetSocket(_client);
        ResetSocket(_server);
    }

    public async Task RunAsync()
    {
        try
        {
            _client.NoDelay = true;
            _server.NoDelay = true;
            await _requests.WaitWhileStalledAsync(_ended.Token);
            await _server.ConnectAsync(_upstream, _ended.Token);
            await Task.WhenAll(
                PumpAsync(_client, _server, _requests, DeliverRequestAsync, AcceptRequestAsync),
                PumpAsync(_server, _client, _replies, DeliverReplyAsync, AcceptReplyAsync));
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
            Abort(); // Refused by the server: the client is reset.
        }
    }

    public void Dispose()
    {
        Interlocked.Exchange(ref _onReply, null)?.Fail(
            new IOException("The connection ended before the server answered the request."));
        _client.Dispose();
        _server.Dispose();

        // Abort may come from outside at any time and cancels, so the token's source stays usable; it holds nothing.
    }

    private async Task PumpAsync(
        Socket source, Socket target, ProxyFlow flow, Func<Memory<byte>, Task> deliver, Func<Task<bool>> accept)
    {
        var queue = Channel.CreateBounded<Chunk>(new BoundedChannelOptions(QueuedChunks) { SingleReader = true, SingleWriter = true });
        await Task.WhenAll(ReadAsync(source, flow, queue.Writer, accept), WriteAsync(target, flow, queue.Reader, deliver));
    }

    private async Task ReadAsync(Socket source, ProxyFlow flow, ChannelWriter<Chunk> queue, Func<Task<bool>> accept)
    {
        try
        {
            while (true)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
                var length = await source.ReceiveAsync(buffer.AsMemory(0, ChunkBytes), _ended.Token);
                if (length == 0)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    break;
                }

                var due = flow.DueAt(Stopwatch.GetTimestamp());
                if (!await accept())
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    break;
                }

                await queue.WriteAsync(new Chunk(buffer, length, due), _ended.Token);
            }

            queue.Complete();
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
            queue.Complete(exception);
        }
    }

    private async Task WriteAsync(Socket target, ProxyFlow flow, ChannelReader<Chunk> queue, Func<Memory<byte>, Task> deliver)
    {
        try
        {
            await foreach (var chunk in queue.ReadAllAsync(_ended.Token))
            {
                await WaitUntilAsync(chunk.Due);
                await flow.WaitWhileStalledAsync(_ended.Token);
                var bytes = chunk.Buffer.AsMemory(0, chunk.Length);
                await deliver(bytes);
                ArrayPool<byte>.Shared.Return(chunk.Buffer);
            }

            // The source is done sending; it may still listen.
            await flow.WaitWhileStalledAsync(_ended.Token);
            target.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
            if (!_cuttingReply)
            {
                Abort();
            }
        }
    }

    private async ValueTask WaitUntilAsync(long due)
    {
        // A delay may end a moment early, and latency is a minimum.
        while (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } wait)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), _ended.Token);
        }
    }

    private static Task<bool> AcceptRequestAsync() => Task.FromResult(true);

    /// <summary>Looks at the first reply behind a request that a trigger was for. False: the connection was cut.</summary>
    private async Task<bool> AcceptReplyAsync()
    {
        if (Interlocked.Exchange(ref _onReply, null) is not { } trigger)
        {
            return true;
        }

        if (trigger.Action == TriggerAction.HoldReply)
        {
            trigger.Complete();
            await trigger.Released.WaitAsync(_ended.Token);
            return true;
        }

        await trigger.RequestSent.WaitAsync(_ended.Token);
        _cuttingReply = true;
        ResetSocket(_client);
        trigger.Complete();

        // The server gets an ordinary end: a reset could make it drop a request that it has not read yet.
        _server.Shutdown(SocketShutdown.Send);
        await DrainServerAsync();
        return false;
    }

    private async Task DrainServerAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        limit.CancelAfter(DrainTime);
        var rest = new byte[4096];
        while (await _server.ReceiveAsync(rest, limit.Token) > 0)
        {
        }
    }

    private async Task DeliverRequestAsync(Memory<byte> bytes)
    {
        var claimed = _triggers.Armed.IsEmpty ? null : Claim(bytes.Span);
        _scanner.Advance(bytes.Span);
        switch (claimed?.Action)
        {
            case TriggerAction.CutRequest:
                Abort();
                claimed.Complete();
                return;
            case TriggerAction.HoldRequest:
                claimed.Complete();
                await claimed.Released.WaitAsync(_ended.Token);
                break;
            case TriggerAction.CutReply or TriggerAction.HoldReply:
                Volatile.Write(ref _onReply, claimed);
                break;
        }

        await SendAsync(_server, _requests, bytes);
        claimed?.MarkRequestSent();
    }

    private Task DeliverReplyAsync(Memory<byte> bytes) => SendAsync(_client, _replies, bytes);

    private RequestTrigger? Claim(ReadOnlySpan<byte> bytes)
    {
        foreach (var trigger in _triggers.Armed)
        {
            if (_scanner.Contains(bytes, trigger.Marker.Span) && _triggers.TryClaim(trigger))
            {
                return trigger;
            }
        }

        return null;
    }

    private async Task SendAsync(Socket target, ProxyFlow flow, Memory<byte> bytes)
    {
        flow.Corrupt(bytes.Span);
        while (!bytes.IsEmpty)
        {
            var limit = flow.BytesPerSecond;

            // A throttled flow trickles, twenty slices a second.
            var slice = limit == 0 ? bytes : bytes[..(int)Math.Min(bytes.Length, Math.Max(1, limit / 20))];

            // Counted before: who has received a byte finds it counted.
            flow.Count(slice.Length);
            await SendAllAsync(target, slice);
            bytes = bytes[slice.Length..];
            if (limit != 0)
            {
                await Task.Delay(TimeSpan.FromSeconds((double)slice.Length / limit), _ended.Token);
                await flow.WaitWhileStalledAsync(_ended.Token);
            }
        }
    }

    private async Task SendAllAsync(Socket target, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await target.SendAsync(bytes, _ended.Token)..];
        }
    }

    private static void ResetSocket(Socket socket)
    {
        try
        {
            // A close that does not linger sends RST instead of FIN.
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Not connected or closed already: nothing to reset.
        }

        socket.Close();
    }

    private static bool IsEndOfConnection(Exception exception) =>
        exception is SocketException or ObjectDisposedException or OperationCanceledException
        || (exception is ChannelClosedException { InnerException: { } inner } && IsEndOfConnection(inner));

    private readonly record struct Chunk(byte[] Buffer, int Length, long Due);
}
