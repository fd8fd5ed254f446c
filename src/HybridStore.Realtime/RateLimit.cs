using System.Globalization;

namespace HybridStore.Realtime;

/// <summary>How much is permitted in what time. Immutable.</summary>
public sealed class RateLimit
{
    /// <summary>The largest number of permits.</summary>
    internal const int MaximumPermits = 1_000_000_000;

    private const int MaximumSegments = 100;

    private static readonly TimeSpan ShortestWindow = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(31);

    private RateLimit(RateLimitAlgorithm algorithm, int permitLimit, TimeSpan window, int segments, int tokensPerPeriod)
    {
        (Algorithm, PermitLimit, Window, Segments, TokensPerPeriod) = (algorithm, permitLimit, window, segments, tokensPerPeriod);
    }

    /// <summary>100 permits in a fixed window of 60 seconds.</summary>
    public static RateLimit Default { get; } = FixedWindow(100, TimeSpan.FromSeconds(60));

    /// <summary>How it counts.</summary>
    public RateLimitAlgorithm Algorithm { get; }

    /// <summary>The most that is permitted in a window, or at once out of a full bucket.</summary>
    public int PermitLimit { get; }

    /// <summary>The window; of a bucket, the time in which <see cref="TokensPerPeriod"/> come.</summary>
    public TimeSpan Window { get; }

    /// <summary>Into how many parts a sliding window is counted; 1 for others.</summary>
    public int Segments { get; }

    /// <summary>How many permits come back into a bucket in <see cref="Window"/>; 0 for windows.</summary>
    public int TokensPerPeriod { get; }

    /// <summary>So many in a window, which starts with its first permit and ends on time whatever follows.</summary>
    /// <param name="permitLimit">How many: 1 to 1,000,000,000.</param>
    /// <param name="window">How long: 10 ms to 31 days.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not in its range.</exception>
    public static RateLimit FixedWindow(int permitLimit, TimeSpan window)
    {
        ThrowIfNoLimit(permitLimit, nameof(permitLimit));
        ThrowIfNoTime(window, nameof(window));
        return new RateLimit(RateLimitAlgorithm.FixedWindow, permitLimit, window, 1, 0);
    }

    /// <summary>So many in any stretch of time as long as the window. It is counted in segments, and what is in the oldest counts until all of it
    /// is out of the window: never more than the limit, a permit up to a segment later than to the microsecond.</summary>
    /// <param name="permitLimit">How many: 1 to 1,000,000,000.</param>
    /// <param name="window">How long: 10 ms to 31 days.</param>
    /// <param name="segments">Into how many parts: 1 to 100, none shorter than 1 ms. Each takes 4 bytes while the window lasts.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not in its range.</exception>
    public static RateLimit SlidingWindow(int permitLimit, TimeSpan window, int segments = 10)
    {
        ThrowIfNoLimit(permitLimit, nameof(permitLimit));
        ThrowIfNoTime(window, nameof(window));
        if (segments is < 1 or > MaximumSegments || window / segments < TimeSpan.FromMilliseconds(1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(segments),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A sliding window must have 1 to {MaximumSegments} segments of at least 1 ms, and not {segments}: the default is 10."));
        }

        return new RateLimit(RateLimitAlgorithm.SlidingWindow, permitLimit, window, segments, 0);
    }

    /// <summary>A bucket of so many permits, which come back steadily, not in portions.</summary>
    /// <param name="capacity">How many a full bucket holds: 1 to 1,000,000,000.</param>
    /// <param name="tokensPerPeriod">How many come back in each period: 1 to 1,000,000,000.</param>
    /// <param name="period">How long a period is: 10 ms to 31 days. An empty bucket must be full again within 366 days.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not in its range.</exception>
    public static RateLimit TokenBucket(int capacity, int tokensPerPeriod, TimeSpan period)
    {
        ThrowIfNoLimit(capacity, nameof(capacity));
        ThrowIfNoLimit(tokensPerPeriod, nameof(tokensPerPeriod));
        ThrowIfNoTime(period, nameof(period));
        if (capacity * (period.TotalDays / tokensPerPeriod) > 366)
        {
            throw new ArgumentOutOfRangeException(
                nameof(period), "An empty bucket must be full again within 366 days: make the period shorter, or tokensPerPeriod larger.");
        }

        return new RateLimit(RateLimitAlgorithm.TokenBucket, capacity, period, 1, tokensPerPeriod);
    }

    private static void ThrowIfNoLimit(int permits, string parameter)
    {
        if (permits is < 1 or > MaximumPermits)
        {
            throw new ArgumentOutOfRangeException(
                parameter,
                string.Create(CultureInfo.InvariantCulture, $"A limit must be from 1 to {MaximumPermits:N0} permits, and not {permits}."));
        }
    }

    private static void ThrowIfNoTime(TimeSpan time, string parameter)
    {
        if (time < ShortestWindow || time > LongestWindow)
        {
            throw new ArgumentOutOfRangeException(
                parameter, $"A window or period must be from 10 ms to 31 days, and not {time:c}: a minute is TimeSpan.FromMinutes(1).");
        }
    }
}
