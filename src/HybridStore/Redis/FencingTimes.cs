namespace HybridStore.Redis;

/// <summary>How long fences and leases last.</summary>
internal sealed record FencingTimes(TimeSpan FenceTtl, TimeSpan LeaseDuration);
