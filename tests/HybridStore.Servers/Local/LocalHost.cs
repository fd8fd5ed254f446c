using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using HybridStore.Servers.Hosting;

namespace HybridStore.Servers.Local;

/// <summary>A server as a process of this machine, with its data in a temporary folder.</summary>
internal abstract class LocalHost : IServerHost
{
    private const int EndTimeSeconds = 30;

    /// <summary>"$0" is the log; exec keeps the process id, so that it is the server's own.</summary>
    private const string RunLogged = "exec \"$@\" >>\"$0\" 2>&1 </dev/null";

    private readonly string _name;
    private readonly string _endSignal;
    private Process? _process;

    protected LocalHost(string name, string endSignal)
    {
        _name = name;
        _endSignal = endSignal;
    }

    public bool HasExited => _process is not { HasExited: false };

    protected ServerFolder? Folder { get; private set; }

    /// <summary>The signal that asks the server to end in an orderly way.</summary>
    protected abstract int StopSignal { get; }

    public async Task<EndPoint> StartAsync(CancellationToken cancellationToken)
    {
        if (Folder is null)
        {
            Folder = ServerFolder.Create(_name, _endSignal);
            await PrepareAsync(Folder, cancellationToken);
        }

        var port = ChoosePort();
        _process = Launch(Command(Folder, port));
        await Folder.GuardAsync(_process.Id);
        return new IPEndPoint(IPAddress.Loopback, port);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var process = Running();
        PosixSignals.Send(process.Id, StopSignal);
        await WaitForEndAsync(process, [process.Id], cancellationToken);
    }

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        var process = Running();
        await WaitForEndAsync(process, PosixSignals.SendToTree(process.Id, PosixSignals.Kill), cancellationToken);
    }

    public Task PauseAsync(CancellationToken cancellationToken)
    {
        PosixSignals.SendToTree(Running().Id, PosixSignals.Stop);
        return Task.CompletedTask;
    }

    public Task ResumeAsync(CancellationToken cancellationToken)
    {
        PosixSignals.ContinueTree(Running().Id);
        return Task.CompletedTask;
    }

    public async Task<string> ReadLogTailAsync(CancellationToken cancellationToken) =>
        Folder is null ? "(it was never started)" : await Folder.ReadLogTailAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Folder is not null)
        {
            await Folder.DisposeAsync();
        }

        if (_process is not null)
        {
            // The watchdog has ended it; this collects the exit.
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }

    /// <summary>Fills the new folder before the first start.</summary>
    protected virtual Task PrepareAsync(ServerFolder folder, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The server's command line, in the foreground.</summary>
    protected abstract IEnumerable<string> Command(ServerFolder folder, int port);

    /// <summary>Another port at each start: the old one may be taken by now, and the proxy hides it.</summary>
    protected virtual int ChoosePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Runs a command of the server's preparation to its end.</summary>
    protected async Task RunAsync(IEnumerable<string> command, CancellationToken cancellationToken)
    {
        var line = command.ToArray();
        using var process = Launch(line);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new ServersUnavailableException(
                $"{string.Join(' ', line)} ended with code {process.ExitCode}:\n{await ReadLogTailAsync(cancellationToken)}");
        }
    }

    private Process Launch(IEnumerable<string> command)
    {
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = Folder!.FullName };

        // A session of its own: Ctrl+C in the terminal is for us, and we end the server when we are done.
        string[] session = Machine.Current.FindProgram("setsid") is { } setsid ? [setsid] : [];
        foreach (var argument in (string[])["-c", RunLogged, Folder.LogFile, .. session, .. command])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("/bin/sh could not be started.");
    }

    private Process Running() => _process is { HasExited: false } process
        ? process
        : throw new InvalidOperationException($"The {_name} process has ended by itself.");

    private async Task WaitForEndAsync(Process process, IReadOnlyList<int> family, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(EndTimeSeconds));
        try
        {
            await process.WaitForExitAsync(limit.Token);
            while (family.Any(PosixSignals.IsAlive))
            {
                await Task.Delay(5, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"{_name} has not ended in {EndTimeSeconds} s; kill it instead.\n{await ReadLogTailAsync(cancellationToken)}");
        }

        await Folder!.GuardAsync(null);
        process.Dispose();
        _process = null;
    }
}
