using System.Diagnostics;
using System.Globalization;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Workers;

namespace HybridStore.Consistency.Running;

/// <summary>A worker that runs, as its run sees it.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _errors = [];
    private long _length;
    private long _grewAt = Clock.Now;

    private WorkerProcess(WorkerPlan plan, Process process)
    {
        Plan = plan;
        _process = process;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.Add(line.Data ?? "");
            }
        };
        _process.BeginErrorReadLine();
    }

    public WorkerPlan Plan { get; }

    public string Name => string.Create(CultureInfo.InvariantCulture, $"Worker {Plan.Slot}.{Plan.Life} (process {_process.Id})");

    public bool WasKilled { get; private set; }

    public static WorkerProcess Start(WorkerPlan plan)
    {
        var planFile = plan.HistoryFile + ".plan";
        plan.Save(planFile);
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardError = true };

        // Started as "dotnet program.dll" the process is that of dotnet.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(WorkerProcess).Assembly.Location);
        }

        start.ArgumentList.Add(Worker.Verb);
        start.ArgumentList.Add(planFile);
        return new WorkerProcess(plan, Process.Start(start) ?? throw new SoakFailedException("A worker could not be started."));
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        WasKilled = true;
        _process.Kill();
    }

    /// <summary>Ends standard input, which a worker takes for the end of its work.</summary>
    public void Stop() => _process.StandardInput.Close();

    public async Task<bool> EndsWithinAsync(TimeSpan time)
    {
        using var limit = new CancellationTokenSource(time);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>How long its history has not grown.</summary>
    public TimeSpan IdleTime()
    {
        var file = new FileInfo(Plan.HistoryFile);
        if (file.Exists && file.Length != _length)
        {
            (_length, _grewAt) = (file.Length, Clock.Now);
        }

        return Clock.Time(Clock.Now - _grewAt);
    }

    public bool IsRunning => !_process.HasExited;

    public bool HasBegun() => File.Exists(Plan.HistoryFile) && new FileInfo(Plan.HistoryFile).Length > 0;

    /// <exception cref="SoakFailedException">It has ended, and nobody has killed it.</exception>
    public void ThrowIfFailed()
    {
        if (_process.HasExited && !WasKilled && _process.ExitCode != 0)
        {
            lock (_errors)
            {
                var ended = string.Create(CultureInfo.InvariantCulture, $"{Name} has ended by itself with code {_process.ExitCode}:");
                throw new SoakFailedException($"{ended}\n{string.Join('\n', _errors.Take(40))}");
            }
        }
    }

    public void Dispose() => _process.Dispose();
}
