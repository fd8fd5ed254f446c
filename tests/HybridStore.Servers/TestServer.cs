using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using HybridStore.Servers.Hosting;

namespace HybridStore.Servers;

/// <summary>One server behind an address that stays: it can be stopped, killed, paused and started again.</summary>
public abstract class TestServer : IAsyncDisposable
{
    private static readonly TimeSpan ReadyTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(20);

    private readonly IServerHost _host;
    private readonly SemaphoreSlim _control = new(1, 1);
    private EndPoint? _endpoint;

    private protected TestServer(IServerHost host, ServerSource source)
    {
        _host = host;
        Source = source;
    }

    /// <summary>Where the server comes from.</summary>
    public ServerSource Source { get; }

    /// <summary>The network between clients and the server, with its faults.</summary>
    public FaultProxy Proxy { get; } = FaultProxy.Start();

    /// <summary>Whether the server runs and is not paused.</summary>
    public ServerState State { get; private set; } = ServerState.Stopped;

    /// <summary>How clients connect, through <see cref="Proxy"/>; the same for the server's whole life.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>How to connect past the proxy; may change when the server is started again.</summary>
    public abstract string DirectConnectionString { get; }

    private protected EndPoint DirectEndpoint =>
        _endpoint ?? throw new InvalidOperationException($"The {Name} server has not been started.");

    private protected abstract string Name { get; }

    /// <summary>Starts the server unless it runs; ends when it serves.</summary>
    public Task StartAsync(CancellationToken cancellationToken = default) => ControlAsync(StartUnlessStartedAsync, cancellationToken);

    /// <summary>Ends the server in its orderly way unless it is stopped already; a paused one is resumed for that.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => ControlAsync(StopUnlessStoppedAsync, cancellationToken);

    /// <summary>Stops and starts. PostgreSQL keeps its data, Redis comes back empty.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => ControlAsync(
        async token =>
        {
            await StopUnlessStoppedAsync(token);
            await StartUnlessStartedAsync(token);
        },
        cancellationToken);

    /// <summary>Kills all the server's processes (SIGKILL).</summary>
    public Task KillAsync(CancellationToken cancellationToken = default) => ControlAsync(
        async token =>
        {
            if (State != ServerState.Stopped)
            {
                await EndAsync(_host.KillAsync, token);
            }
        },
        cancellationToken);

    /// <summary>Freezes all the server's processes (SIGSTOP): connections stay and nothing answers.</summary>
    public Task PauseAsync(CancellationToken cancellationToken = default) => ControlAsync(
        async token =>
        {
            ThrowIfStopped("pause");
            await _host.PauseAsync(token);
            State = ServerState.Paused;
        },
        cancellationToken);

    /// <summary>Lets a paused server go on.</summary>
    public Task ResumeAsync(CancellationToken cancellationToken = default) => ControlAsync(
        async token =>
        {
            ThrowIfStopped("resume");
            await _host.ResumeAsync(token);
            State = ServerState.Running;
        },
        cancellationToken);

    /// <summary>The last lines of the server's log.</summary>
    public Task<string> ReadLogTailAsync(CancellationToken cancellationToken = default) => _host.ReadLogTailAsync(cancellationToken);

    /// <summary>Ends the server and removes what it has left behind.</summary>
    public async ValueTask DisposeAsync()
    {
        await _control.WaitAsync();
        try
        {
            await OnDisposingAsync();
            await OnStoppingAsync();
            await Proxy.DisposeAsync();
            await _host.DisposeAsync();
            State = ServerState.Stopped;
        }
        finally
        {
            _control.Release();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Null when the server serves, else why it does not yet.</summary>
    private protected abstract Task<Exception?> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Lets go of connections of our own to a server that is about to end.</summary>
    private protected virtual ValueTask OnStoppingAsync() => ValueTask.CompletedTask;

    /// <summary>Undoes what must not outlive the tests on a server that does.</summary>
    private protected virtual ValueTask OnDisposingAsync() => ValueTask.CompletedTask;

    private async Task ControlAsync(Func<CancellationToken, Task> operation, CancellationToken cancellationToken)
    {
        await _control.WaitAsync(cancellationToken);
        try
        {
            await operation(cancellationToken);
        }
        finally
        {
            _control.Release();
        }
    }

    private async Task StartUnlessStartedAsync(CancellationToken cancellationToken)
    {
        if (State != ServerState.Stopped)
        {
            return;
        }

        _endpoint = await _host.StartAsync(cancellationToken);
        await WaitUntilItServesAsync(cancellationToken);
        Proxy.Upstream = _endpoint;
        State = ServerState.Running;
    }

    private async Task StopUnlessStoppedAsync(CancellationToken cancellationToken)
    {
        if (State == ServerState.Paused)
        {
            await _host.ResumeAsync(cancellationToken);
        }

        if (State != ServerState.Stopped)
        {
            await EndAsync(_host.StopAsync, cancellationToken);
        }
    }

    private async Task EndAsync(Func<CancellationToken, Task> end, CancellationToken cancellationToken)
    {
        await OnStoppingAsync();
        await end(cancellationToken);
        Proxy.Upstream = null;
        State = ServerState.Stopped;
    }

    private async Task WaitUntilItServesAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (await ConnectAndProbeAsync(cancellationToken) is { } notYet)
        {
            if (_host.HasExited || Source == ServerSource.Environment || Stopwatch.GetElapsedTime(started) > ReadyTime)
            {
                var log = await _host.ReadLogTailAsync(cancellationToken);
                throw new ServersUnavailableException($"The {Name} server does not serve: {notYet.Message}\nIts log ends:\n{log}", notYet);
            }

            await Task.Delay(ReadyPoll, cancellationToken);
        }
    }

    private async Task<Exception?> ConnectAndProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A bare connection first: clients take long to find out that nobody listens yet.
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(DirectEndpoint, cancellationToken);
        }
        catch (SocketException exception)
        {
            return exception;
        }

        return await ProbeAsync(cancellationToken);
    }

    private void ThrowIfStopped(string action)
    {
        if (State == ServerState.Stopped)
        {
            throw new InvalidOperationException($"The {Name} server is stopped; start it before you {action} it.");
        }
    }
}
