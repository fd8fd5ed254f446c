namespace HybridStore.Realtime.RateLimiting;

/// <summary>What Redis said.</summary>
/// <param name="IsGranted">Whether the permits were taken.</param>
/// <param name="Remaining">How many are left.</param>
/// <param name="RetryAfter">When they may be there, if they were not taken.</param>
internal readonly record struct RateLimitAnswer(bool IsGranted, int Remaining, TimeSpan RetryAfter);
