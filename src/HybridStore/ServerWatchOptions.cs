namespace HybridStore;

/// <summary>How a store watches its Redis servers and its own hit rate: what they tell becomes metrics, and a hit rate that drops is logged and
/// reported by the health check.</summary>
public sealed class ServerWatchOptions
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestHalfLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestHalfLife = TimeSpan.FromDays(1);

    /// <summary>How often each connected master is asked for <c>INFO</c>, and the hit rate is cut: 1 s to 1 hour, or zero for never. Default:
    /// 10 s.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>By which part of its baseline the hit rate of an interval must have dropped to be reported: 0.01 to 1. With 0.1, a rate of 0.8
    /// is reported where the baseline is 0.9. Default: 0.1.</summary>
    public double HitRateDrop { get; set; } = 0.1;

    /// <summary>How many reads an interval must have for its hit rate to say anything: 1 to 1,000,000. Default: 100.</summary>
    public int LeastReads { get; set; } = 100;

    /// <summary>After how long what was observed counts half in the baseline, a moving average of the hit rate: 1 minute to 1 day. Nothing is
    /// reported before as much was observed. While the rate has dropped, the baseline follows it six times as slowly. Default:
    /// 10 minutes.</summary>
    public TimeSpan BaselineHalfLife { get; set; } = TimeSpan.FromMinutes(10);

    internal IEnumerable<string> Validate()
    {
        if (Interval != TimeSpan.Zero && (Interval < ShortestInterval || Interval > LongestInterval))
        {
            yield return "ServerWatch.Interval must be from 1 s to 1 hour, or zero for never; the default is 00:00:10.";
        }

        if (HitRateDrop is not (>= 0.01 and <= 1))
        {
            yield return "ServerWatch.HitRateDrop must be from 0.01 to 1, a part of the baseline; the default is 0.1.";
        }

        if (LeastReads is < 1 or > 1_000_000)
        {
            yield return "ServerWatch.LeastReads must be from 1 to 1,000,000; the default is 100.";
        }

        if (BaselineHalfLife < ShortestHalfLife || BaselineHalfLife > LongestHalfLife)
        {
            yield return "ServerWatch.BaselineHalfLife must be from 1 minute to 1 day; the default is 00:10:00.";
        }
    }
}
