namespace HybridStore;

/// <summary>When a warm-up runs. Set in <c>AddWarmup</c>.</summary>
public sealed class WarmupOptions
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);

    /// <summary>Whether it runs when the application starts: as soon as Redis has been reached, behind the start, which does not wait for it.
    /// Where it does not, the cache that is found then counts as the one that is watched. Default: <see langword="true"/>.</summary>
    public bool AtStart { get; set; } = true;

    /// <summary>Whether it runs again when the cache is empty once more: Redis came back without its data, or the whole cache was invalidated
    /// (<see cref="IHybridStore.FlushAsync"/>, TRUNCATE of a watched table, another database). Every process notices within
    /// <see cref="Watching"/>. Default: <see langword="true"/>.</summary>
    public bool AfterCacheLoss { get; set; } = true;

    /// <summary>How often it runs besides: 1 s to 1 day. What is cached is left alone, so a run costs little where nothing is missing. Default:
    /// <see langword="null"/>, never.</summary>
    public TimeSpan? Interval { get; set; }

    /// <summary>How often Redis is asked whether the cache is still the same, where no read does: 1 s to 1 day. Default: 5 s.</summary>
    public TimeSpan Watching { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the runs of several processes are spread at random after a loss of the cache, zero to 1 day: they share the work
    /// anyway, and not all need to begin at once. Default: 1 s.</summary>
    public TimeSpan Spread { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long a run that has failed, or that Redis has interrupted, is tried again: 1 s to 1 day. Default: 30 s.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <exception cref="ArgumentException">A setting is not in its range.</exception>
    internal void ThrowIfInvalid()
    {
        ThrowIfOutside(Interval ?? ShortestInterval, ShortestInterval, nameof(Interval), "leave it unset for never");
        ThrowIfOutside(Watching, ShortestInterval, nameof(Watching), "the default is 00:00:05");
        ThrowIfOutside(Spread, TimeSpan.Zero, nameof(Spread), "the default is 00:00:01");
        ThrowIfOutside(RetryDelay, ShortestInterval, nameof(RetryDelay), "the default is 00:00:30");
        if (!AtStart && !AfterCacheLoss && Interval is null)
        {
            throw new ArgumentException("The warm-up would never run: set AtStart, AfterCacheLoss or Interval.", "configure");
        }
    }

    private static void ThrowIfOutside(TimeSpan value, TimeSpan shortest, string name, string remedy)
    {
        if (value < shortest || value > LongestInterval)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be from {shortest:c} to 1 day; {remedy}.");
        }
    }
}
