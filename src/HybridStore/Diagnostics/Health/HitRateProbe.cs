using System.Globalization;
using HybridStore.Diagnostics.Watching;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether fewer reads hit than usual.</summary>
internal sealed class HitRateProbe(ServerWatch watch) : IHealthProbe
{
    public Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(Look());

    public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Well();

    private ProbeAnswer Look()
    {
        var state = watch.HitRate;
        (string, object)[] data = [.. Named("hit_rate", state.Rate), .. Named("hit_rate.baseline", state.Baseline)];
        return state.IsDropped
            ? ProbeAnswer.Degraded(
                $"The hit rate has dropped from {Percent(state.Baseline)} (now {Percent(state.Rate)}), so PostgreSQL has more to do: look for a "
                + "flush, evictions, invalidations of whole tags, or a deployment with new keys.",
                data)
            : ProbeAnswer.Well(data);
    }

    private static string Percent(double? rate) => rate?.ToString("0.0%", CultureInfo.InvariantCulture) ?? "too few reads to tell";

    private static (string, object)[] Named(string name, double? value) => value is { } known ? [(name, Math.Round(known, 4))] : [];
}
