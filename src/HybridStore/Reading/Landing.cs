using HybridStore.Fencing;

namespace HybridStore.Reading;

/// <summary>What a flight brings its callers.</summary>
/// <param name="Value">The value.</param>
/// <param name="Stamp">The snapshot that the value reflects, for loads that build on it; null if it has none.</param>
/// <param name="IsFromStandby">Whether some of it was read on a standby.</param>
/// <param name="BeganAt">When the load, or the look at Redis that found the value, began, in the count of arrivals.</param>
/// <param name="Stored">Whether the cache has taken the value. Never faults.</param>
internal sealed record Landing<T>(T Value, SnapshotStamp? Stamp, bool IsFromStandby, long BeganAt, Task<bool> Stored);
