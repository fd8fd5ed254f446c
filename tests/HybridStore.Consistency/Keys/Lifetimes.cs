namespace HybridStore.Consistency.Keys;

/// <summary>How long things last in the soak: short enough that they end while it runs.</summary>
internal static class Lifetimes
{
    public static readonly TimeSpan Short = TimeSpan.FromSeconds(8);
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    public const double Jitter = 0.1;

    /// <summary>The shortest that the store accepts, so that fences are forgotten while the soak runs.</summary>
    public static readonly TimeSpan FenceTtl = TimeSpan.FromSeconds(10);

    // The store's tolerance of clocks is one second.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(3);

    /// <summary>Every other key lives long, so that what is wrong in Redis stays there to be seen.</summary>
    public static TimeSpan Of(SoakKey key) => key.Number % 2 == 0 ? Short : Long;

    /// <summary>How old a served value may be at most: a load that is stored lasts less than FenceTtl, and the entry's life begins behind it.
    /// What is built from another entry inherits that one's age.</summary>
    public static TimeSpan OldestOf(SoakKey key) =>
        (Of(key) * (1 + Jitter)) + FenceTtl + Tolerance + (KeyLayout.PartOf(key) is { } part ? OldestOf(part) : TimeSpan.Zero);
}
