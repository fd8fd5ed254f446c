namespace HybridStore.Consistency.History;

/// <summary>A fault, or the death of a worker, from when until when.</summary>
/// <param name="Name">What it was.</param>
/// <param name="StartedAt">Not later than its first effect.</param>
/// <param name="EndedAt">When all was as before.</param>
internal sealed record Disturbance(string Name, long StartedAt, long EndedAt)
{
    /// <summary>Whether Redis lost fences by it.</summary>
    public bool LosesFences { get; init; }
}
