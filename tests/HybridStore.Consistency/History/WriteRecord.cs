namespace HybridStore.Consistency.History;

/// <summary>What is known of one write, invalidation or flush. Times are those of <see cref="Clock"/>; null where it never came to it, or
/// the worker was killed before it could say so.</summary>
internal sealed class WriteRecord
{
    /// <summary>Also what the row carries as its writer.</summary>
    public required long Id { get; init; }

    public required int Process { get; init; }

    public required OperationKind Kind { get; init; }

    public StrictDemand Demand { get; init; }

    public required long BeganAt { get; init; }

    public required Names Names { get; init; }

    /// <summary>When its caller knew it to be committed.</summary>
    public long? CommittedAt { get; set; }

    /// <summary>Whether the receipt said that it was strict.</summary>
    public bool IsStrict { get; set; }

    public string? Token { get; set; }

    /// <summary>When its caller was told that the outcome of COMMIT is unknown.</summary>
    public long? UnknownAt { get; set; }

    /// <summary>When its caller was told that nothing was committed.</summary>
    public long? RolledBackAt { get; set; }

    /// <summary>When the call that invalidates returned, applied or pending.</summary>
    public long? InvalidatedAt { get; set; }

    /// <summary>When the invalidation was known to be applied.</summary>
    public long? AppliedAt { get; set; }

    /// <summary>What it gave its rows, from the database's own history; empty unless it is committed.</summary>
    public List<(int Row, long Version)> Versions { get; } = [];
}
