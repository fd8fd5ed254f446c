using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Workload;

/// <summary>Another client of Redis: one PING after the other on a connection and a thread of its own. How long the longest one took says
/// for how long Redis was held up.</summary>
internal sealed class PingLoop : IDisposable
{
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly byte[] _answer = new byte[64];
    private volatile bool _stopping;
    private Exception? _failure;
    private long _longest;

    private PingLoop(Socket socket)
    {
        _socket = socket;
        _thread = new Thread(Run) { IsBackground = true, Name = "PING" };
    }

    public static PingLoop Start(string redis)
    {
        var options = ConfigurationOptions.Parse(redis);
        var (host, port) = options.EndPoints[0] switch
        {
            IPEndPoint address => (address.Address.ToString(), address.Port),
            DnsEndPoint name => (name.Host, name.Port),
            var other => throw new InvalidOperationException($"{other} is not a TCP address."),
        };
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 };
        socket.Connect(host, port);
        var loop = new PingLoop(socket);
        if (options.Password is { Length: > 0 } password)
        {
            loop.Exchange(Encoding.UTF8.GetBytes(options.User is { Length: > 0 } user
                ? $"AUTH {user} {password}\r\n"
                : $"AUTH {password}\r\n"));
        }

        loop._thread.Start();
        return loop;
    }

    /// <summary>Ends the loop.</summary>
    /// <returns>The longest PING.</returns>
    public TimeSpan Stop()
    {
        _stopping = true;
        _thread.Join();
        return _failure is null
            ? Stopwatch.GetElapsedTime(0, _longest)
            : throw new InvalidOperationException("PING failed.", _failure);
    }

    public void Dispose()
    {
        _stopping = true;
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _socket.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                var start = Stopwatch.GetTimestamp();
                Exchange("PING\r\n"u8);
                _longest = Math.Max(_longest, Stopwatch.GetTimestamp() - start);
            }
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            // Told by Stop.
            _failure = error;
        }
    }

    private void Exchange(ReadOnlySpan<byte> command)
    {
        _socket.Send(command);
        var length = 0;
        do
        {
            var received = _socket.Receive(_answer, length, _answer.Length - length, SocketFlags.None);
            length += received > 0 ? received : throw new IOException("Redis has closed the connection.");
        }
        while (_answer[length - 1] != '\n');

        if (_answer[0] != '+')
        {
            throw new IOException($"Redis answered {Encoding.UTF8.GetString(_answer, 0, length).Trim()}");
        }
    }
}
