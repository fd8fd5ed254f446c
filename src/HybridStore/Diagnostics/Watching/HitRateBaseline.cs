namespace HybridStore.Diagnostics.Watching;

/// <summary>
/// Judges the hit rate of each interval by an exponentially weighted average of those before. Not thread-safe.
/// </summary>
/// <remarks>
/// An alarm must neither end by itself before anybody has looked nor last for ever where an application has changed for good. So while it lasts
/// the average follows <see cref="Slower"/> times as slowly, and the alarm ends only at half the drop that began it: at the default half-life
/// a rate that stays a fifth lower is reported for about two hours, and one that stays at half for about four.
/// </remarks>
/// <param name="drop">How far below the average a rate is reported, as a part of it.</param>
/// <param name="halfLife">After how long an interval counts half.</param>
/// <param name="leastReads">Intervals with fewer reads are passed over.</param>
internal sealed class HitRateBaseline(double drop, TimeSpan halfLife, int leastReads)
{
    internal const int Slower = 6;

    // Of few reads some more miss by chance. Four standard deviations are passed less often than once in thirty thousand intervals.
    private const double Chance = 4;

    // What is observed in one half-life, a half, but for what the intervals of a half-life round to.
    private const double EnoughWeight = 0.499;

    // The average is the sum by the weight: while there is little of both, all intervals count alike, not the first one most.
    private double _sum;
    private double _weight;

    /// <summary>The last interval's; null where it had too few reads.</summary>
    public double? Rate { get; private set; }

    /// <summary>Null until there was an interval with enough reads.</summary>
    public double? Baseline => _weight > 0 ? _sum / _weight : null;

    public bool IsDropped { get; private set; }

    /// <summary>Takes in what was counted in an interval.</summary>
    public HitRateChange Observe(long hits, long misses, TimeSpan time)
    {
        var reads = hits + misses;
        if (reads < leastReads || reads <= 0 || time <= TimeSpan.Zero)
        {
            Rate = null;
            return HitRateChange.None;
        }

        var rate = (double)hits / reads;
        Rate = rate;
        var change = ChangeOf(rate, reads);
        IsDropped = change switch
        {
            HitRateChange.Dropped => true,
            HitRateChange.Recovered => false,
            _ => IsDropped,
        };
        Follow(rate, time);
        return change;
    }

    private HitRateChange ChangeOf(double rate, long reads)
    {
        if (Baseline is not { } usual)
        {
            return HitRateChange.None;
        }

        if (IsDropped)
        {
            return rate >= usual * (1 - (drop / 2)) ? HitRateChange.Recovered : HitRateChange.None;
        }

        return _weight >= EnoughWeight && rate < usual * (1 - drop) && usual - rate > Chance * Math.Sqrt(usual * (1 - usual) / reads)
            ? HitRateChange.Dropped
            : HitRateChange.None;
    }

    private void Follow(double rate, TimeSpan time)
    {
        var kept = Math.Pow(0.5, time / (IsDropped ? halfLife * Slower : halfLife));
        _sum = (_sum * kept) + (rate * (1 - kept));
        _weight = (_weight * kept) + (1 - kept);
    }
}
