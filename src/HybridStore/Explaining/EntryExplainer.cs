using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Invalidating;
using HybridStore.Policies;
using HybridStore.Reading;
using HybridStore.Recovering;
using HybridStore.Redis;
using HybridStore.Redis.Inspecting;
using HybridStore.Resilience;
using HybridStore.Serialization;
using Polly.CircuitBreaker;

namespace HybridStore.Explaining;

/// <summary>Looks at what a read would meet, and says what it would come to. Changes nothing, whatever the state of Redis.</summary>
internal sealed class EntryExplainer(
    RedisConnection connection, TagSearch tagSearch, InvalidationDispatcher invalidations, RecoveryGate recovery) : IEntryExplainer
{
    /// <summary>Where there is no Redis.</summary>
    public static EntryExplanation PassThrough(string key) => Explanation(key, VerdictReasons.PassThrough);

    public async Task<EntryExplanation> ExplainAsync(
        string key, EntrySettings settings, bool skipCache, CancellationToken cancellationToken)
    {
        var isPending = invalidations.IsPending(key);
        var bypass = skipCache || settings.DoNotCache ? VerdictReasons.NotCached
            : isPending ? VerdictReasons.InvalidationPending
            : ((EntryVerdict, string)?)null;
        if (connection.Session is not { } session)
        {
            // As a read does.
            connection.Start();
            return Explanation(key, bypass ?? VerdictReasons.RedisNeverReached) with { IsInvalidationPending = isPending };
        }

        var partition = session.Layout.PartitionOf(key);
        var circuit = CircuitOf(session.Breakers[partition]);
        bypass ??= circuit == RedisCircuit.Open ? VerdictReasons.CircuitOpen
            : recovery.IsShut(partition) ? VerdictReasons.Recovering
            : null;
        var known = session.Generations.Current;
        var here = new ExplainedPartition
        {
            Number = partition,
            KnownGeneration = known?.Number,
            AgeOfProof = session.Generations.AgeOfProof(partition),
        };
        var proven = session.Generations.ProvenFor(partition, out _);
        var answer = await KeyInspector.InspectAsync(session, key, proven, cancellationToken).ConfigureAwait(false);
        if (!answer.TryGetValue(out var found))
        {
            var failure = answer.Error is null ? "not asked" : FailureLog.KindOf(answer.Error);
            return Explanation(key, bypass ?? VerdictReasons.RedisFailed(failure)) with
            {
                PhysicalName = known is null ? null : (string?)known.Entry(partition, key),
                Partition = here,
                Circuit = circuit,
                IsInvalidationPending = isPending,
                RedisFailure = failure,
            };
        }

        var (tags, areTagsComplete) = found.In is { } searched
            ? await tagSearch.FindAsync(session, key, searched, cancellationToken).ConfigureAwait(false)
            : ([], false);
        var header = HeaderOf(found);
        var stamp = header?.ReadStamp(found.Head.Span);
        var entry = EntryOf(found, header, stamp, settings.Beta);
        var fences = FenceFields.Read(found.Guard, stamp);
        var lease = LeaseOf(found);
        var verdict = bypass
            ?? (proven is null && found.Recorded is null ? VerdictReasons.GenerationUnknown
                : entry is null ? VerdictReasons.Absent(fences, lease)
                : VerdictReasons.Of(entry, found.Now, header?.ExpiresAt ?? 0));
        return Explanation(key, verdict) with
        {
            PhysicalName = found.In is { } generation ? (string?)generation.Entry(partition, key) : null,
            LookedAt = RedisTime.At(found.Now),
            Entry = entry,
            Fences = fences,
            Lease = lease,
            Tags = [.. tags.Select(tag => TagOf(tag, stamp, found.Now))],
            AreTagsComplete = areTagsComplete,
            Partition = PartitionFields.Read(here, found),
            Circuit = circuit,
            IsInvalidationPending = isPending,
        };
    }

    private static EntryExplanation Explanation(string key, (EntryVerdict Verdict, string Reason) verdict) =>
        new() { Key = key, Verdict = verdict.Verdict, Reason = verdict.Reason };

    private static RedisCircuit CircuitOf(RedisCircuitBreaker breaker) =>
        breaker.IsOpen ? RedisCircuit.Open : breaker.State == CircuitState.Closed ? RedisCircuit.Closed : RedisCircuit.HalfOpen;

    /// <summary>Null for bytes that a read would not take either; what stands in the payload only a read finds out.</summary>
    private static EntryHeader? HeaderOf(KeyInspection found) =>
        EntryHeader.TryRead(found.Head.Span, out var header) && (!header.IsNull || header.Length == found.Size) ? header : null;

    private static ExplainedEntry? EntryOf(KeyInspection found, EntryHeader? readable, SnapshotStamp? stamp, double beta)
    {
        if (found.RedisType == "none")
        {
            return null;
        }

        var entry = new ExplainedEntry { RedisType = found.RedisType, Bytes = found.Size, TimeToLive = found.TimeToLive };
        return readable is not { } header
            ? entry
            : entry with
            {
                IsReadable = true,
                CreatedAt = RedisTime.At(header.CreatedAt),
                Age = RedisTime.At(found.Now) - RedisTime.At(header.CreatedAt),
                ExpiresAt = RedisTime.At(header.ExpiresAt),
                LoadTime = header.LoadTime,
                SchemaVersion = header.SchemaVersion,
                IsNull = header.IsNull,
                IsCompressed = header.IsCompressed,
                Stamp = stamp?.ToString(),
                RefreshChance = EarlyExpiration.Chance(found.Now, header.ExpiresAt, header.LoadTime.TotalMilliseconds, beta),
            };
    }

    private static ExplainedLease? LeaseOf(KeyInspection found) =>
        found.Guard.Has("t") && found.Guard.NumberOf("e") is { } end && end > found.Now
            ? new ExplainedLease(RedisTime.At(found.Guard.NumberOf("a") ?? 0), RedisTime.At(end))
            : null;

    private static ExplainedTag TagOf(TagMembership membership, SnapshotStamp? stamp, long now)
    {
        var tag = new ExplainedTag { Tag = membership.Tag, RegisteredUntil = RedisTime.At(membership.ExpiresAt) };

        // They have no time to live: what is past the time that they name is forgotten.
        return membership.Fences.NumberOf("x") <= now
            ? tag
            : tag with
            {
                Fences = FenceFields.Read(membership.Fences, stamp),
                LastInvalidation = membership.Fences.NumberOf("s"),
                LastInvalidationWithoutWrite = membership.Fences.NumberOf("u"),
            };
    }
}
