using HybridStore.Verifying;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether entries have been found of late that nothing had invalidated.</summary>
internal sealed class VerifierProbe(VerifierMetrics verifier) : IHealthProbe
{
    // Long enough to be seen by who looks after the alarm.
    private static readonly TimeSpan Recent = TimeSpan.FromHours(1);

    public Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(Look());

    public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Well();

    private ProbeAnswer Look()
    {
        var differences = verifier.Differences;
        return verifier.SinceLastDifference < Recent
            ? ProbeAnswer.Degraded(
                "Cached values were found that differ from what their loads read, and that nothing had invalidated: the log (2000, and 2001 at Debug) "
                + "tells which; name what the load reads in the writes that change it, or watch the table.",
                ("verifier.differences", differences))
            : ProbeAnswer.Well(("verifier.differences", differences));
    }
}
