namespace HybridStore.Explaining;

/// <summary>Redis's milliseconds as people read them. What comes from bytes found in Redis may lie past the end of the calendar.</summary>
internal static class RedisTime
{
    private static readonly double Last = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static DateTimeOffset At(double milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Clamp(double.IsNaN(milliseconds) ? 0 : milliseconds, 0, Last));
}
