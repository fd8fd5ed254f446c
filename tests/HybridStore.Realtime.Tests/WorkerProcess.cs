using System.Diagnostics;
using HybridStore.Realtime.Worker;

namespace HybridStore.Realtime.Tests;

/// <summary>Another process that works on the servers of a test.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private WorkerProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts it beside a host, and ends when it is connected.</summary>
    /// <param name="mode">What it is to do.</param>
    /// <param name="besides">Whose servers and prefix it uses.</param>
    /// <param name="arguments">Further arguments of the mode.</param>
    public static async Task<WorkerProcess> StartAsync(string mode, RealtimeHost besides, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])
            [typeof(WorkerMode).Assembly.Location, mode, besides.Prefix, besides.ConnectionString, besides.RedisConnectionString, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        var worker = new WorkerProcess(Process.Start(start) ?? throw new InvalidOperationException("A worker could not be started."));
        Assert.Equal("ready", await worker.HearAsync());
        return worker;
    }

    /// <summary>Lets it work.</summary>
    public async Task GoAsync()
    {
        await _process.StandardInput.WriteLineAsync("go");
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>What came of it.</summary>
    public Task<string> ResultAsync() => HearAsync();

    /// <summary>Ends it as kill -9 does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task<string> HearAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        return await _process.StandardOutput.ReadLineAsync(limit.Token)
            ?? throw new InvalidOperationException($"A worker has ended: {await _errors}");
    }
}
