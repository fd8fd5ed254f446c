using System.Globalization;
using System.Text;

namespace HybridStore.Explaining;

/// <summary>An explanation in short lines for somebody who is tired. It holds names and numbers, never a value.</summary>
internal static class ExplanationText
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss.fff'Z'";

    public static string Of(EntryExplanation explanation)
    {
        var text = new StringBuilder();
        Line(text, explanation.Verdict.ToString(), explanation.Reason);
        Line(text, "key", explanation.Key);
        if (explanation.PhysicalName is { } name)
        {
            Line(text, "in Redis", name);
        }

        if (explanation.LookedAt is { } now)
        {
            Line(text, "looked at", $"{At(now)} (Redis's clock)");
            Entry(text, explanation.Entry, now);
            Line(text, "fences", Fences(explanation.Fences));
            Line(text, "lease", explanation.Lease is { } lease
                ? $"held since {At(lease.GrantedAt)}, ends in {Span(lease.EndsAt - now)}"
                : "not held");
            foreach (var tag in explanation.Tags)
            {
                Line(text, "tag", Tag(tag, now));
            }

            var count = explanation.Tags.Count == 0 ? "none found" : Invariant($"{explanation.Tags.Count} found");
            Line(text, "tags", explanation.AreTagsComplete ? count : $"{count}; the search was not finished, there may be more");
        }

        if (explanation.Partition is { } partition)
        {
            Partition(text, partition, explanation.LookedAt);
        }

        if (explanation.Circuit is { } circuit)
        {
            Line(text, "circuit", circuit switch
            {
                RedisCircuit.Closed => "closed: Redis is asked",
                RedisCircuit.Open => "open: Redis is not asked",
                _ => "half open: the next read finds out whether Redis serves",
            });
        }

        if (explanation.RedisFailure is { } failure)
        {
            Line(text, "failure", failure);
        }

        Line(text, "pending", explanation.IsInvalidationPending
            ? "an invalidation of this process waits for Redis"
            : "no invalidation of this process waits for this key");
        return text.ToString(0, text.Length - 1);
    }

    private static void Line(StringBuilder text, string name, string content) =>
        text.Append(CultureInfo.InvariantCulture, $"{name + ":",-11} {content}\n");

    private static void Entry(StringBuilder text, ExplainedEntry? entry, DateTimeOffset now)
    {
        if (entry is null)
        {
            Line(text, "entry", "none");
            return;
        }

        var kept = entry.TimeToLive is { } left ? $"Redis keeps it for {Span(left)}" : "without a time to live";
        if (!entry.IsReadable)
        {
            Line(text, "entry", Invariant($"not readable: a {entry.RedisType} of {entry.Bytes} bytes, {kept}"));
            return;
        }

        var flags = (entry.IsNull ? ", null" : "") + (entry.IsCompressed ? ", compressed" : "");
        var expiry = entry.ExpiresAt is not { } at ? "" : at > now ? $"expires in {Span(at - now)}, " : $"expired {Span(now - at)} ago, ";
        Line(text, "entry", Invariant($"{entry.Bytes} bytes{flags}, schema version {entry.SchemaVersion}, stamp {entry.Stamp ?? "none"}"));
        Line(text, "lives", $"stored {Span(entry.Age)} ago, {expiry}{kept}");
        Line(text, "load", Invariant($"took {Span(entry.LoadTime)}, chance to be refreshed by a read {entry.RefreshChance:0.###}"));
    }

    private static string Fences(ExplainedFences fences)
    {
        var parts = fences.Exact
            .Select(fence => Invariant($"{fence.TransactionId}{(fence.IsBeforeCommit ? " set before COMMIT" : "")}{Seen(fence.IsSeen)}"))
            .ToList();
        if (fences.Floor is { } floor)
        {
            parts.Add(Invariant($"all up to {floor}{(fences.IsFloorBeforeCommit ? " (some set before COMMIT)" : "")}{Seen(fences.IsFloorSeen)}"));
        }

        return parts.Count == 0 ? "none" : string.Join("; ", parts);
    }

    private static string Seen(bool? isSeen) => isSeen switch
    {
        true => " (the entry reflects it)",
        false => " (THE ENTRY MAY NOT REFLECT IT)",
        _ => "",
    };

    private static string Tag(ExplainedTag tag, DateTimeOffset now)
    {
        var until = tag.RegisteredUntil > now ? $"for {Span(tag.RegisteredUntil - now)} more" : $"until {Span(now - tag.RegisteredUntil)} ago";
        var last = tag.LastInvalidation is { } sequence ? Invariant($", last invalidation {sequence}") : "";
        var lastWithout = tag.LastInvalidationWithoutWrite is { } without ? Invariant($", last one of an unknown write {without}") : "";
        return $"{tag.Tag}, registered {until}, fences: {Fences(tag.Fences)}{last}{lastWithout}";
    }

    private static void Partition(StringBuilder text, ExplainedPartition partition, DateTimeOffset? lookedAt)
    {
        var proof = partition.AgeOfProof is { } age ? $"confirmed {Span(age)} before" : "to be asked for with the next read";
        var generation = $"{Known(partition.KnownGeneration)} here ({proof})";
        if (lookedAt is not { } now)
        {
            Line(text, "generation", generation);
            Line(text, "partition", Known(partition.Number));
            return;
        }

        var earlier = partition.EarlierGenerations.Select(one => $", {Known(one.Key)} ends in {Span(one.Value - now)}");
        Line(text, "generation", $"{generation}, {Known(partition.RecordedGeneration)} in Redis{string.Concat(earlier)}");
        Line(
            text,
            "partition",
            Invariant($"{partition.Number}, last invalidation {Known(partition.Sequence)}, highest transaction ")
            + Invariant($"{Known((long?)partition.HighestTransactionId)}, boot mark {Known(partition.BootMark)}"));
        if (partition.Floor is { } floor)
        {
            Line(text, "floor", Invariant($"every load has to reflect all up to {floor} until {At(partition.FloorUntil ?? now)}"));
        }
    }

    private static string Known(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static string At(DateTimeOffset time) => time.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static string Span(TimeSpan? span) => span switch
    {
        null => "unknown",
        { TotalSeconds: < 1 } moment => Invariant($"{moment.TotalMilliseconds:0.###} ms"),
        { TotalMinutes: < 2 } some => Invariant($"{some.TotalSeconds:0.#} s"),
        { TotalDays: < 1 } hours => hours.ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture),
        { } days => days.ToString(@"d'd 'hh\:mm\:ss", CultureInfo.InvariantCulture),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
