using System.Globalization;
using HybridStore.Reading;

namespace HybridStore.Explaining;

/// <summary>What a read makes of what is in Redis, and why, in the order in which a read asks.</summary>
internal static class VerdictReasons
{
    public static (EntryVerdict Verdict, string Reason) PassThrough { get; } = (
        EntryVerdict.PassThrough, "The store runs in pass-through mode: every read goes to PostgreSQL, and Redis is not used.");

    public static (EntryVerdict Verdict, string Reason) NotCached { get; } = (
        EntryVerdict.NotCached, "Reads pass the cache here, by SkipCache of the view or DoNotCache of the defaults: they go to PostgreSQL.");

    public static (EntryVerdict Verdict, string Reason) InvalidationPending { get; } = (
        EntryVerdict.InvalidationPending,
        "An invalidation of this process that may concern the key waits for Redis to take it: reads here go to PostgreSQL until then.");

    public static (EntryVerdict Verdict, string Reason) RedisNeverReached { get; } = (
        EntryVerdict.RedisNeverReached, "This process has not reached Redis yet: reads go to PostgreSQL.");

    public static (EntryVerdict Verdict, string Reason) CircuitOpen { get; } = (
        EntryVerdict.CircuitOpen, "Redis has not served of late and the circuit breaker is open: reads go to PostgreSQL without asking it.");

    public static (EntryVerdict Verdict, string Reason) Recovering { get; } = (
        EntryVerdict.Recovering,
        "Redis serves again after an outage, and what was written meanwhile is not known to be applied: reads go to PostgreSQL until it is.");

    public static (EntryVerdict Verdict, string Reason) GenerationUnknown { get; } = (
        EntryVerdict.GenerationUnknown,
        "Redis has no record of the cache's generation, as after a flush or a restart: the next read asks for one and most likely finds nothing.");

    public static (EntryVerdict Verdict, string Reason) RedisFailed(string failure) => (
        EntryVerdict.RedisFailed, $"Redis did not answer as it should ({failure}): reads go to PostgreSQL.");

    public static (EntryVerdict Verdict, string Reason) Absent(ExplainedFences fences, ExplainedLease? lease) => (
        EntryVerdict.Absent,
        (lease, fences.Exact.Count > 0 || fences.Floor is not null) switch
        {
            (not null, _) => "Redis holds no entry, and a load that may store one is under way: a read waits for it, or loads.",
            (_, true) => "Redis holds no entry: the key was invalidated of late and has not been stored since.",
            _ => "Redis holds no entry: it was never stored, has expired, was evicted, or was invalidated longer ago than is remembered.",
        });

    /// <param name="entry">What was found.</param>
    /// <param name="now">Redis's time in milliseconds.</param>
    /// <param name="expiresAt">When the entry expires, likewise.</param>
    public static (EntryVerdict Verdict, string Reason) Of(ExplainedEntry entry, long now, long expiresAt)
    {
        if (!entry.IsReadable)
        {
            return (EntryVerdict.Undecodable, entry.RedisType == "string"
                ? "What Redis holds is no entry that this release can read: a miss, and the next store writes over it."
                : $"A {entry.RedisType} stands under the entry's name, which is not of this store's making: a miss.");
        }

        if (now >= expiresAt && entry.TimeToLive is not null)
        {
            return (
                EntryVerdict.Expired,
                "The entry is past its expiry and kept for StaleOnError: a miss, whose caller may get it if the load fails or takes too long.");
        }

        if (now >= expiresAt + EntryReader.ClockTolerance)
        {
            return (EntryVerdict.Expired, "The entry is past its expiry and Redis has not removed it, since something took its time to live away: a miss.");
        }

        return entry.RefreshChance >= 0.5
            ? (EntryVerdict.RefreshDue, string.Create(
                CultureInfo.InvariantCulture,
                $"Redis holds an entry that expires soon: a hit, which loads it again with a chance of {entry.RefreshChance:P0}."))
            : (EntryVerdict.Hit, "Redis holds an entry: a hit for all who ask for its type and schema version.");
    }
}
