using HybridStore.Explaining;
using HybridStore.Fencing;

namespace HybridStore.Testing.Caching;

/// <summary>What is known of a key, in the words of <see cref="EntryExplanation"/>.</summary>
internal static class EntryExplanations
{
    private const string InMemory = " (The cache is in memory here.)";

    public static EntryExplanation Of(string key, CachedEntry? entry, KeyGuard guard, SnapshotStamp? stamp, long now)
    {
        var fences = guard.Fences.Explain(stamp, now);
        var lease = guard.IsHeld(now) ? new ExplainedLease(RedisTime.At(guard.GrantedAt), RedisTime.At(guard.EndsAt)) : null;
        var explained = entry is null ? null : Of(entry, stamp, now);
        return Of(key, explained is null ? VerdictReasons.Absent(fences, lease) : VerdictReasons.Of(explained, now, entry!.ExpiresAt)) with
        {
            LookedAt = RedisTime.At(now),
            Entry = explained,
            Fences = fences,
            Lease = lease,
            AreTagsComplete = true,
        };
    }

    public static EntryExplanation Of(string key, (EntryVerdict Verdict, string Reason) verdict) =>
        new() { Key = key, Verdict = verdict.Verdict, Reason = verdict.Reason + InMemory };

    public static ExplainedTag Of(string tag, TagState state, long registeredUntil, SnapshotStamp? stamp, long now) => new()
    {
        Tag = tag,
        RegisteredUntil = RedisTime.At(registeredUntil),
        Fences = state.Fences.Explain(stamp, now),
        LastInvalidation = state.LastInvalidation == 0 ? null : state.LastInvalidation,
        LastInvalidationWithoutWrite = state.LastWithoutWrite == 0 ? null : state.LastWithoutWrite,
    };

    private static ExplainedEntry Of(CachedEntry entry, SnapshotStamp? stamp, long now)
    {
        var header = entry.Header();
        return new ExplainedEntry
        {
            Bytes = entry.Bytes.Length,
            TimeToLive = TimeSpan.FromMilliseconds(entry.GoneAt - now),
            IsReadable = true,
            CreatedAt = RedisTime.At(header.CreatedAt),
            Age = RedisTime.At(now) - RedisTime.At(header.CreatedAt),
            ExpiresAt = RedisTime.At(entry.ExpiresAt),
            LoadTime = header.LoadTime,
            SchemaVersion = header.SchemaVersion,
            IsNull = header.IsNull,
            IsCompressed = header.IsCompressed,
            Stamp = stamp?.ToString(),
        };
    }
}
