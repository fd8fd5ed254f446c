namespace HybridStore.Consistency.History;

/// <summary>Everything that happened in a run.</summary>
internal sealed class SoakHistory
{
    public List<WriteRecord> Writes { get; } = [];

    public List<ReadRecord> Reads { get; } = [];

    public List<FailureRecord> Failures { get; } = [];

    public List<Disturbance> Disturbances { get; } = [];

    /// <summary>What PostgreSQL says to be committed.</summary>
    public List<RowVersion> Committed { get; } = [];

    /// <summary>When a committed write was first seen by somebody who looked into the database, by its id.</summary>
    public Dictionary<long, long> SeenAt { get; } = [];
}
