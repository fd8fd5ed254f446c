using System.Diagnostics;
using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Faults;

/// <summary>Does what is planned, one fault at a time, and writes down from when until when.</summary>
internal sealed class FaultRunner(SoakServers servers, IReadOnlyList<PlannedFault> plan, int seed)
{
    private static readonly TimeSpan CommitWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMilliseconds(30);

    // A server that does not come back ends the run.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly RedisFaults _redis = new(servers);
    private readonly PostgresFaults _postgres = new(servers);
    private readonly Random _random = new(seed);
    private bool _answerLost;

    public List<Disturbance> Done { get; } = [];

    public async Task RunAsync(long startedAt, CancellationToken stopping)
    {
        foreach (var fault in plan)
        {
            if (fault.At - Stopwatch.GetElapsedTime(startedAt) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (stopping.IsCancellationRequested)
            {
                return;
            }

            // Not cut short by the end of the run: the servers are to be whole again.
            var began = Clock.Now;
            _answerLost = false;
            await DisturbAsync(fault).WaitAsync(Patience, CancellationToken.None);
            Done.Add(new Disturbance($"{fault.Kind} (worker {fault.Slot})", began, Clock.Now)
            {
                Slot = fault.Kind is FaultKind.BackendsTerminated or FaultKind.PostgresKilled ? 0 : fault.Slot,
                CutsCommits = fault.Kind is FaultKind.BackendsTerminated or FaultKind.PostgresKilled or FaultKind.PostgresReset
                    or FaultKind.CommitAnswerLost or FaultKind.CommitLost,
                LosesAnswer = _answerLost,
                LosesFences = fault.Kind is FaultKind.RedisRestarted or FaultKind.RedisEmptied or FaultKind.GuardsDeleted
                    or FaultKind.RedisSetBack,
                SetsBack = fault.Kind is FaultKind.RedisSetBack,
            });
        }
    }

    private Task DisturbAsync(PlannedFault fault) => fault.Kind switch
    {
        FaultKind.RedisRestarted => _redis.RestartAsync(fault.Length / 2, CancellationToken.None),
        FaultKind.RedisEmptied => _redis.EmptyAsync(),
        FaultKind.GuardsDeleted => AgainAndAgainAsync(_redis.DeleteGuardsAsync, fault.Length),
        FaultKind.LeasesDeleted => AgainAndAgainAsync(_redis.DeleteLeasesAsync, fault.Length),
        FaultKind.EntriesDeleted => _redis.DeleteEntriesAsync(),
        FaultKind.EntriesOverwritten => _redis.OverwriteEntriesAsync(_random),
        FaultKind.ScriptsForgotten => _redis.ForgetScriptsAsync(),
        FaultKind.RedisPaused => _redis.PauseAsync(fault.Length, CancellationToken.None),
        FaultKind.RedisReset => ResetRedisAsync(),
        FaultKind.RedisCut => CutRedisAsync(fault),
        FaultKind.RedisStalled => StallRedisAsync(fault),
        FaultKind.PostgresReset => ResetPostgresAsync(fault),
        FaultKind.BackendsTerminated => _postgres.TerminateBackendsAsync(CancellationToken.None),
        FaultKind.CommitAnswerLost => LoseAnswerAsync(fault),
        FaultKind.CommitLost => PostgresFaults.CutCommitAsync(
            servers.PostgresOf(fault.Slot), proxy => proxy.CutBeforeRequest(PostgresFaults.CommitRequest), CommitWait),
        FaultKind.PostgresKilled => _postgres.KillAsync(fault.Length / 4, CancellationToken.None),
        FaultKind.ListenersTerminated => AgainAndAgainAsync(() => _postgres.TerminateListenersAsync(CancellationToken.None), fault.Length),
        FaultKind.RedisSetBack => _redis.SetBackAsync(fault.Length),
        _ => throw new InvalidOperationException($"{fault.Kind} is not known."),
    };

    /// <summary>What stands for moments only has to be looked for more than once.</summary>
    private static async Task AgainAndAgainAsync(Func<Task> disturb, TimeSpan length)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < length;)
        {
            await disturb();
            await Task.Delay(BetweenRounds);
        }
    }

    private async Task LoseAnswerAsync(PlannedFault fault) => _answerLost = await PostgresFaults.CutCommitAsync(
        servers.PostgresOf(fault.Slot), proxy => proxy.CutReplyAfterRequest(PostgresFaults.CommitRequest), CommitWait);

    private Task ResetRedisAsync()
    {
        for (var slot = 1; slot <= plan.Max(fault => fault.Slot); slot++)
        {
            servers.RedisOf(slot).Reset();
        }

        return Task.CompletedTask;
    }

    private async Task CutRedisAsync(PlannedFault fault)
    {
        servers.RedisOf(fault.Slot).Cut();
        await Task.Delay(fault.Length);
        servers.RedisOf(fault.Slot).Restore();
    }

    private async Task StallRedisAsync(PlannedFault fault)
    {
        servers.RedisOf(fault.Slot).Stall();
        await Task.Delay(fault.Length);
        servers.RedisOf(fault.Slot).Restore();
    }

    private Task ResetPostgresAsync(PlannedFault fault)
    {
        servers.PostgresOf(fault.Slot).Reset();
        return Task.CompletedTask;
    }
}
