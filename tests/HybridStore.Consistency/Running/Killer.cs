using System.Diagnostics;
using HybridStore.Consistency.Faults;
using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Running;

/// <summary>Kills workers as planned, one at a time.</summary>
internal sealed class Killer(SoakServers servers, WorkerPool workers, IReadOnlyList<PlannedKill> plan)
{
    private static readonly TimeSpan CommitWait = TimeSpan.FromSeconds(1);

    public List<Disturbance> Done { get; } = [];

    public async Task RunAsync(long startedAt, CancellationToken stopping)
    {
        foreach (var kill in plan)
        {
            if (kill.At - Stopwatch.GetElapsedTime(startedAt) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (stopping.IsCancellationRequested)
            {
                return;
            }

            // On a machine that starts workers more slowly than they die, there would soon be none.
            await workers.UntilAllWorkAsync();
            var began = Clock.Now;
            await KillAsync(kill);
            Done.Add(new Disturbance($"Worker {kill.Slot} killed ({kill.Moment})", began, Clock.Now)
            {
                Slot = kill.Slot,
                CutsCommits = true,
            });
        }
    }

    private async Task KillAsync(PlannedKill kill)
    {
        var proxy = servers.PostgresOf(kill.Slot);
        using var held = kill.Moment switch
        {
            KillMoment.BehindCommit => proxy.HoldReply(PostgresFaults.CommitRequest),
            KillMoment.BeforeCommit => proxy.HoldRequest(PostgresFaults.CommitRequest),
            _ => null,
        };
        try
        {
            await (held?.Arrived ?? Task.CompletedTask).WaitAsync(CommitWait);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException or IOException)
        {
            // Nobody has committed meanwhile, or the connection has gone: it dies wherever it is.
        }

        await workers.ReplaceAsync(kill.Slot);
    }
}
