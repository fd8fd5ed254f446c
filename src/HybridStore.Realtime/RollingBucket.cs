namespace HybridStore.Realtime;

/// <summary>One bucket of a counter.</summary>
/// <param name="StartsAt">When it began, by the clock of Redis.</param>
/// <param name="Count">How often was counted in it.</param>
public sealed record RollingBucket(DateTimeOffset StartsAt, long Count);
