namespace HybridStore.Reading;

/// <summary>When an entry was read.</summary>
/// <param name="Timestamp">On the local clock.</param>
/// <param name="Now">Redis's time in milliseconds, if it is known.</param>
internal readonly record struct ReadMoment(long Timestamp, long? Now);
