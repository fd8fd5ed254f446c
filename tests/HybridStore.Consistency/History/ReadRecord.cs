using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.History;

/// <summary>One row as a reader saw it.</summary>
internal readonly record struct RowVersion(int Row, long Version, long Writer);

/// <summary>One read that returned.</summary>
/// <param name="Key">What was read.</param>
/// <param name="Process">By whom.</param>
/// <param name="BeganAt">Before the call.</param>
/// <param name="EndedAt">After it.</param>
/// <param name="Values">What it returned, ascending by row.</param>
internal sealed record ReadRecord(SoakKey Key, int Process, long BeganAt, long EndedAt, RowVersion[] Values)
{
    /// <summary>The write that it asked to be reflected.</summary>
    public string? Token { get; init; }

    /// <summary>It asked to pass the cache by.</summary>
    public bool PastCache { get; init; }

    /// <summary>How old what it got might be at most, by the journal.</summary>
    public TimeSpan? Bound { get; init; }

    /// <summary>It began when all was over, and the journal was applied to its end.</summary>
    public bool AtEnd { get; init; }

    /// <summary>Its own load ran.</summary>
    public bool Loaded { get; init; }
}
