using HybridStore.Resilience.LoadLimiting;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether loads have been turned away of late.</summary>
internal sealed class LimiterProbe(LoadLimiter limiter) : IHealthProbe
{
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);

    public Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(Look());

    public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Well();

    private ProbeAnswer Look()
    {
        (string, object)[] data =
            [("loads.running", limiter.Running), ("loads.queued", limiter.Queued), ("loads.limit", limiter.Limit), ("loads.rejected", limiter.Rejected)];
        return limiter.SinceLastRejection < Recent
            ? ProbeAnswer.Degraded(
                "Reads are turned away, since as many loads run as LoadLimiter.MaxConcurrentLoads allows: bring Redis back, or raise the limit if "
                + "pool and server can bear it.",
                data)
            : ProbeAnswer.Well(data);
    }
}
