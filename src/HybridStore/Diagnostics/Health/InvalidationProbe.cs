using HybridStore.Invalidating;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether invalidations wait for Redis to take them.</summary>
internal sealed class InvalidationProbe(InvalidationDispatcher invalidations) : IHealthProbe
{
    public Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(Look());

    public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Well();

    private ProbeAnswer Look()
    {
        // Both are asked, since past its capacity there is nothing to count.
        var (any, count) = (invalidations.IsAnyPending, invalidations.PendingCount);
        return any
            ? ProbeAnswer.Degraded(
                $"{(count > 0 ? count : "Too many to count")} key(s) and tag(s) wait until Redis takes their invalidation, so other instances may "
                + "serve what was there before: they are retried, see whether Redis serves and takes writes, and do not end this process meanwhile.",
                ("invalidations.pending", count))
            : ProbeAnswer.Well(("invalidations.pending", 0));
    }
}
