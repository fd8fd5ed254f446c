using HybridStore.Explaining;

namespace HybridStore;

/// <summary>Why a read of a key would hit or miss at the moment it was asked about, from
/// <see cref="IHybridStore.ExplainAsync"/>. <see cref="ToString"/> tells it in a few lines. The value is never part of it. All times are
/// by Redis's clock. Immutable and thread-safe.</summary>
public sealed record EntryExplanation
{
    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>What a read would come to.</summary>
    public required EntryVerdict Verdict { get; init; }

    /// <summary>The verdict in one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The name under which Redis was asked for the entry. <see langword="null"/> where that is not known: the name holds the
    /// cache's generation, which Redis tells.</summary>
    public string? PhysicalName { get; init; }

    /// <summary>When it was looked at. <see langword="null"/> if Redis did not answer; then <see cref="Entry"/>, <see cref="Fences"/>,
    /// <see cref="Lease"/> and <see cref="Tags"/> say nothing.</summary>
    public DateTimeOffset? LookedAt { get; init; }

    /// <summary>What is there; <see langword="null"/> for nothing.</summary>
    public ExplainedEntry? Entry { get; init; }

    /// <summary>The writes that have invalidated the key of late.</summary>
    public ExplainedFences Fences { get; init; } = new();

    /// <summary>The right to load and store the key; <see langword="null"/> if nobody holds it.</summary>
    public ExplainedLease? Lease { get; init; }

    /// <summary>The tags under which the key is registered: <see cref="AreTagsComplete"/> says whether these are all.</summary>
    public IReadOnlyList<ExplainedTag> Tags { get; init; } = [];

    /// <summary>Whether all of Redis's names were searched for the key's tags. The search ends after 2 seconds, or where Redis does not
    /// answer.</summary>
    public bool AreTagsComplete { get; init; }

    /// <summary>The share of the keys that the key belongs to; <see langword="null"/> if Redis was never reached, which tells how many
    /// shares there are.</summary>
    public ExplainedPartition? Partition { get; init; }

    /// <summary>The circuit breaker that the key's reads pass; <see langword="null"/> if Redis was never reached.</summary>
    public RedisCircuit? Circuit { get; init; }

    /// <summary>Whether an invalidation of this process that may concern the key waits for Redis to take it.</summary>
    public bool IsInvalidationPending { get; init; }

    /// <summary>What kept Redis from answering, without its message, which could quote keys.</summary>
    public string? RedisFailure { get; init; }

    /// <summary>Several short lines for people.</summary>
    public override string ToString() => ExplanationText.Of(this);
}
