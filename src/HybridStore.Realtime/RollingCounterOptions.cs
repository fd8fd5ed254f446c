namespace HybridStore.Realtime;

/// <summary>How a rolling counter counts. Not thread-safe; read once.</summary>
public sealed class RollingCounterOptions
{
    private const int MaximumBuckets = 1000;
    private const int MostToAddUp = 1_000_000;

    /// <summary>How far back one can ask: 1 s to 31 days. Default: 5 minutes.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one bucket counts: 100 ms to <see cref="Window"/>, with at most 1,000 in a window. Sums are as exact as that. Default:
    /// 10 s.</summary>
    public TimeSpan Resolution { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many members one bucket tells apart: 1 to 100,000, and at most 1,000,000 in all buckets of a window, which is what the top is
    /// found among. Those that come when it is full are counted together, as
    /// <see cref="RollingCount.Others"/>: memory is bounded whatever is counted. A member takes some 80 bytes a bucket. Default:
    /// 1,000.</summary>
    public int MaximumMembers { get; set; } = 1000;

    /// <summary>How many buckets reach over the whole window: with a part of the oldest.</summary>
    internal int Buckets => BucketsOf(Window);

    /// <summary>How many buckets reach over some time: with a part of the oldest.</summary>
    internal int BucketsOf(TimeSpan window) => (int)Math.Ceiling(window / Resolution) + 1;

    internal IEnumerable<string> Errors(string name)
    {
        if (Window < TimeSpan.FromSeconds(1) || Window > TimeSpan.FromDays(31))
        {
            yield return $"The Window of {name} must be from 1 s to 31 days; the default is 00:05:00.";
        }

        if (Resolution < TimeSpan.FromMilliseconds(100) || Resolution > Window || Resolution.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            yield return $"The Resolution of {name} must be from 100 ms to its Window, in whole milliseconds; the default is 00:00:10.";
        }
        else if (Window / Resolution > MaximumBuckets)
        {
            yield return $"The Window of {name} must have at most 1,000 buckets: make Resolution longer, or Window shorter.";
        }

        if (MaximumMembers is < 1 or > 100_000)
        {
            yield return $"The MaximumMembers of {name} must be from 1 to 100,000; the default is 1,000.";
        }
        else if (Resolution > TimeSpan.Zero && (Window / Resolution) * MaximumMembers > MostToAddUp)
        {
            yield return $"The MaximumMembers of {name} must be at most 1,000,000 in all buckets of its Window: make Resolution longer, or it smaller.";
        }
    }
}
