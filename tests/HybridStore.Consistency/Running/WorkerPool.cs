using System.Globalization;
using HybridStore.Consistency.Faults;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Workers;

namespace HybridStore.Consistency.Running;

/// <summary>The workers of a run: one in each place, replaced when it is killed.</summary>
internal sealed class WorkerPool(SoakOptions options, SoakServers servers, string folder) : IDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(60);

    // Longer than all time-outs of one operation together, on a slow machine.
    private static readonly TimeSpan LongestIdleTime = TimeSpan.FromSeconds(60);

    private readonly WorkerProcess[] _workers = new WorkerProcess[options.Processes];
    private readonly List<WorkerProcess> _all = [];

    public int Kills { get; private set; }

    /// <summary>All that have ever run.</summary>
    public IReadOnlyList<WorkerProcess> All => _all;

    public async Task StartAsync()
    {
        Directory.CreateDirectory(Path.Combine(folder, "tokens"));
        for (var slot = 1; slot <= options.Processes; slot++)
        {
            Start(slot, life: 0);
        }

        await UntilAllWorkAsync();
    }

    /// <summary>Returns when every worker has done something.</summary>
    public async Task UntilAllWorkAsync()
    {
        var started = Clock.Now;
        while (!Array.TrueForAll(_workers, worker => worker.HasBegun()))
        {
            await Task.Delay(20);
            ThrowIfAnyFailed();
            if (Clock.Time(Clock.Now - started) > StartTime)
            {
                throw new SoakFailedException($"Workers have done nothing in the {StartTime.TotalSeconds} s since they were started.");
            }
        }
    }

    /// <summary>Kills the worker of a place, and puts another one there.</summary>
    public async Task ReplaceAsync(int slot)
    {
        var worker = _workers[slot - 1];
        worker.ThrowIfFailed();
        worker.Kill();
        Kills++;
        if (!await worker.EndsWithinAsync(EndTime))
        {
            throw new SoakFailedException($"{worker.Name} has not died of SIGKILL.");
        }

        Start(slot, worker.Plan.Life + 1);
    }

    /// <summary>Looks after the workers until it is told to stop.</summary>
    public async Task WatchAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            ThrowIfAnyFailed();
            if (Array.Find(_workers, worker => worker.IdleTime() > LongestIdleTime) is { } idle)
            {
                throw new SoakFailedException($"{idle.Name} hangs: none of its sessions has finished anything for {LongestIdleTime.TotalSeconds} s.");
            }

            await Task.Delay(250, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task StopAsync()
    {
        Array.ForEach(_workers, worker => worker.Stop());
        foreach (var worker in _workers)
        {
            if (!await worker.EndsWithinAsync(EndTime))
            {
                throw new SoakFailedException($"{worker.Name} hangs: it was asked to end {EndTime.TotalSeconds} s ago.");
            }
        }

        ThrowIfAnyFailed();
    }

    /// <summary>Has one more worker look at what is left, when the others have ended.</summary>
    public async Task FinishAsync()
    {
        Start(slot: 1, _workers[0].Plan.Life + 1, isLast: true);
        var last = _workers[0];
        if (!await last.EndsWithinAsync(EndTime))
        {
            throw new SoakFailedException($"{last.Name} has waited {EndTime.TotalSeconds} s for the journal to be applied to its end.");
        }

        last.ThrowIfFailed();
    }

    public void Dispose()
    {
        foreach (var worker in _all)
        {
            // Those that run end with their standard input; what hangs is killed.
            if (worker.IsRunning)
            {
                worker.Kill();
            }

            worker.Dispose();
        }
    }

    private void ThrowIfAnyFailed() => Array.ForEach(_workers, worker => worker.ThrowIfFailed());

    private void Start(int slot, int life, bool isLast = false)
    {
        var worker = WorkerProcess.Start(new WorkerPlan
        {
            Protocol = options.Protocol,
            Slot = slot,
            Life = life,
            Seed = options.Seed,
            Sessions = options.Sessions,
            Keys = options.Keys,
            Postgres = servers.PostgresStringOf(slot),
            Redis = servers.RedisStringOf(slot),
            Prefix = SoakServers.Prefix,
            HistoryFile = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"w{slot}.{life}")),
            TokenFolder = Path.Combine(folder, "tokens"),
            IsLast = isLast,
        });
        _workers[slot - 1] = worker;
        _all.Add(worker);
    }
}
