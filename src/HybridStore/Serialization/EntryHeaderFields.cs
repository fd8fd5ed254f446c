using HybridStore.Fencing;

namespace HybridStore.Serialization;

/// <summary>What the storing side knows about an entry beside its value.</summary>
/// <param name="ExpiresAt">When the entry ends, in milliseconds of Redis's clock since the Unix epoch.</param>
/// <param name="CreatedAt">When the entry was made, on the same clock.</param>
/// <param name="LoadTime">How long the load took (the δ of XFetch).</param>
/// <param name="SchemaVersion">The application's version of the payload's shape.</param>
/// <param name="Stamp">The snapshot the value was loaded under, in full; null if it is not known.</param>
internal readonly record struct EntryHeaderFields(
    long ExpiresAt,
    long CreatedAt,
    TimeSpan LoadTime,
    int SchemaVersion,
    SnapshotStamp? Stamp);
