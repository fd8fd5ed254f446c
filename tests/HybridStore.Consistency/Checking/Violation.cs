using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Checking;

/// <summary>A promise that was broken, and what shows it.</summary>
internal sealed record Violation(ViolationKind Kind)
{
    public ReadRecord? Read { get; init; }

    /// <summary>The row in question.</summary>
    public int Row { get; init; }

    /// <summary>What the reader got of it.</summary>
    public long Version { get; init; }

    /// <summary>What it had to get at least.</summary>
    public long Required { get; init; }

    /// <summary>Since when it had to.</summary>
    public long Since { get; init; }

    /// <summary>The write, or the invalidation, because of which.</summary>
    public WriteRecord? Because { get; init; }

    public FailureRecord? Failure { get; init; }
}
