namespace HybridStore;

/// <summary>The right to load and store a key, held by one load at a time. Part of an <see cref="EntryExplanation"/>. Times are by Redis's
/// clock.</summary>
/// <param name="GrantedAt">Since when it is held.</param>
/// <param name="EndsAt">When another load may take it over.</param>
public sealed record ExplainedLease(DateTimeOffset GrantedAt, DateTimeOffset EndsAt);
