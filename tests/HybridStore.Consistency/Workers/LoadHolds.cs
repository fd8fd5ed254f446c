namespace HybridStore.Consistency.Workers;

/// <summary>Some loads take longer, so that writes, invalidations and faults overtake them.</summary>
internal static class LoadHolds
{
    private const int LoadsOfOneHeld = 6;
    private const int Longest = 80;

    public static TimeSpan Any(Random random) =>
        random.Next(LoadsOfOneHeld) == 0 ? TimeSpan.FromMilliseconds(random.Next(5, Longest)) : TimeSpan.Zero;

    public static Task PassAsync(TimeSpan hold) => hold > TimeSpan.Zero ? Task.Delay(hold) : Task.CompletedTask;
}
