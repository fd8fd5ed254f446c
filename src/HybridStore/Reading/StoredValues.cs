namespace HybridStore.Reading;

/// <summary>Values that were sent to be stored in one call.</summary>
/// <param name="Places">Where they stand among all that were to be stored.</param>
/// <param name="Stored">For each whether the cache has taken it. Never faults.</param>
internal readonly record struct StoredValues(IReadOnlyList<int> Places, Task<bool[]> Stored);
