namespace HybridStore.Redis.Inspecting;

/// <summary>A tag set that a key is a member of.</summary>
/// <param name="Tag">The tag.</param>
/// <param name="ExpiresAt">The member's score: when Redis removes its entry, in milliseconds of Redis's clock since the Unix epoch.</param>
/// <param name="Fences">The fences of the tag (<c>store.lua</c>).</param>
internal sealed record TagMembership(string Tag, double ExpiresAt, HashFields Fences);
