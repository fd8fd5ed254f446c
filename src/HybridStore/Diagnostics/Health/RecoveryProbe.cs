using HybridStore.Recovering;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether Redis serves again and is not read yet.</summary>
internal sealed class RecoveryProbe(RecoveryGate gate) : IHealthProbe
{
    public Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(Look(gate.Count));

    public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Well();

    private static ProbeAnswer Look(int recovering) => recovering == 0
        ? ProbeAnswer.Well(("redis.recovering", 0))
        : ProbeAnswer.Degraded(
            $"{recovering} partition(s) of Redis are back and not read before what was written meanwhile is applied: it takes moments where the "
            + "journal's listener runs, and Journal.RecoveryWait where none does.",
            ("redis.recovering", recovering));
}
