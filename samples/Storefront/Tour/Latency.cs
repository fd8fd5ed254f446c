namespace Storefront.Tour;

/// <summary>Measured times, in words.</summary>
internal static class Latency
{
    public static TimeSpan Median(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Order().ToList();
        return sorted.Count == 0 ? TimeSpan.Zero : sorted[sorted.Count / 2];
    }

    public static string Text(TimeSpan time) =>
        time.TotalMilliseconds < 10
            ? $"{time.TotalMilliseconds:0.00} ms"
            : $"{time.TotalMilliseconds:0} ms";

    public static string MedianText(IEnumerable<TimeSpan> times) => Text(Median(times));
}
