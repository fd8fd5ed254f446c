namespace HybridStore.Diagnostics.Watching;

/// <summary>The hit rate as it was last cut.</summary>
/// <param name="Rate">Of the last interval; null where it had too few reads.</param>
/// <param name="Baseline">What is usual; null where that is not known.</param>
/// <param name="IsDropped">Whether it is reported.</param>
internal sealed record HitRateState(double? Rate, double? Baseline, bool IsDropped)
{
    public static HitRateState Unknown { get; } = new(null, null, IsDropped: false);
}
