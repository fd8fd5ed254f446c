using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace HybridStore.Servers.Local;

/// <summary>
/// A temporary folder and the server process that lives in it. A watchdog (a shell that reads from us) kills the process
/// and removes the folder as soon as our end of its pipe closes: on disposal, at the end of this process, and also when
/// this process is killed. (A parent-death signal would not do: it comes when the thread that started the child ends.)
/// </summary>
internal sealed class ServerFolder : IAsyncDisposable
{
    private const string Watch = """
        trap '' INT TERM HUP
        exec >/dev/null 2>&1
        # One that has ended and that nobody reaps is not alive.
        alive() { read -r stat <"/proc/$1/stat" && case ${stat##*) } in [ZX]*) false ;; esac; }
        server=
        while read -r line; do server=$line; done
        if [ -n "$server" ]; then
          family="$server $(cat "/proc/$server/task/$server/children")"
          kill -CONT $family
          kill -"$2" "$server"
          tries=0
          while alive "$server" && [ $tries -lt 60 ]; do sleep 0.05; tries=$((tries + 1)); done
          kill -KILL $family
        fi
        tries=0
        until rm -rf "$1" || [ $tries -ge 20 ]; do sleep 0.1; tries=$((tries + 1)); done
        """;

    private static readonly TimeSpan WatchdogTime = TimeSpan.FromSeconds(5);
    private static readonly ConcurrentDictionary<ServerFolder, bool> Open = [];

    private readonly Process _watchdog;

    static ServerFolder() => AppDomain.CurrentDomain.ProcessExit += (_, _) => CloseAll();

    private ServerFolder(string path, Process watchdog)
    {
        FullName = path;
        _watchdog = watchdog;
    }

    public string FullName { get; }

    public string LogFile => Path.Combine(FullName, "server.log");

    /// <summary>Creates the folder.</summary>
    /// <param name="name">Part of the folder's name.</param>
    /// <param name="endSignal">The signal (without SIG) with which the watchdog ends the server before it kills it.</param>
    public static ServerFolder Create(string name, string endSignal)
    {
        // Under /tmp, since another user (postgres) must get there and a socket's path may have 107 characters only.
        var path = $"/tmp/hybridstore-{name}-{Guid.NewGuid().ToString("N")[..12]}";
        Directory.CreateDirectory(path);
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true };
        foreach (var argument in (string[])["-c", Watch, "hybridstore-watchdog", path, endSignal])
        {
            start.ArgumentList.Add(argument);
        }

        var folder = new ServerFolder(path, Process.Start(start)!);
        Open.TryAdd(folder, true);
        return folder;
    }

    /// <summary>Tells the watchdog which process to end; null when there is none any more.</summary>
    public async Task GuardAsync(int? processId)
    {
        await _watchdog.StandardInput.WriteLineAsync(processId?.ToString(CultureInfo.InvariantCulture) ?? string.Empty);
        await _watchdog.StandardInput.FlushAsync();
    }

    public async Task<string> ReadLogTailAsync(CancellationToken cancellationToken)
    {
        const int Lines = 40;
        return File.Exists(LogFile)
            ? string.Join('\n', (await File.ReadAllLinesAsync(LogFile, cancellationToken)).TakeLast(Lines))
            : "(no log was written)";
    }

    public async ValueTask DisposeAsync()
    {
        if (Open.TryRemove(this, out _))
        {
            _watchdog.StandardInput.Close();
            await _watchdog.WaitForExitAsync();
            _watchdog.Dispose();
        }
    }

    private static void CloseAll()
    {
        foreach (var folder in Open.Keys)
        {
            folder._watchdog.StandardInput.Close();
        }

        foreach (var folder in Open.Keys)
        {
            folder._watchdog.WaitForExit(WatchdogTime);
        }
    }
}
