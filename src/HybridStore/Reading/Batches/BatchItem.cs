namespace HybridStore.Reading.Batches;

/// <summary>One key of a batch that the cache did not have.</summary>
/// <param name="Index">Its place in the batch.</param>
/// <param name="Key">The key.</param>
/// <param name="Seen">The identity of an entry that is of no use; empty if there was none. Null where Redis is not to be asked.</param>
/// <param name="Observed">Told of the flight that brings the value; null on reads that nobody watches.</param>
internal readonly record struct BatchItem(int Index, string Key, ReadOnlyMemory<byte>? Seen, ReadObservation? Observed);

/// <summary>The same on its way in a flight.</summary>
internal readonly record struct FlyingItem<T>(BatchItem Item, Flight<T> Flight);
