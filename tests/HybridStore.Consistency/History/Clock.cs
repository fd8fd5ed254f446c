using System.Diagnostics;

namespace HybridStore.Consistency.History;

/// <summary>The one clock of all processes of the machine: CLOCK_MONOTONIC, which <see cref="Stopwatch"/> reads on Linux.</summary>
internal static class Clock
{
    public static long Now => Stopwatch.GetTimestamp();

    public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    public static TimeSpan Time(long ticks) => TimeSpan.FromSeconds((double)ticks / Stopwatch.Frequency);
}
