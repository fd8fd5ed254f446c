namespace HybridStore.Consistency.History;

/// <summary>A fault, or the death of a worker, from when until when.</summary>
/// <param name="Name">What it was.</param>
/// <param name="StartedAt">Not later than its first effect.</param>
/// <param name="EndedAt">When all was as before.</param>
internal sealed record Disturbance(string Name, long StartedAt, long EndedAt)
{
    private const int ProcessesOfSlot = 10_000;

    /// <summary>Whose worker it concerned; 0 for all.</summary>
    public int Slot { get; init; }

    /// <summary>Whether Redis lost fences by it.</summary>
    public bool LosesFences { get; init; }

    /// <summary>Whether Redis went back in time by it, and has forgotten what it had taken.</summary>
    public bool SetsBack { get; init; }

    /// <summary>Whether a COMMIT may have been cut by it, or its writer killed.</summary>
    public bool CutsCommits { get; init; }

    /// <summary>Whether PostgreSQL has answered one COMMIT, and its writer has not heard it.</summary>
    public bool LosesAnswer { get; init; }

    public bool Concerns(int slot) => Slot == 0 || Slot == slot;

    /// <summary>The place of a worker.</summary>
    public static int SlotOf(int process) => process / ProcessesOfSlot;

    /// <summary>Who a worker is in histories.</summary>
    public static int ProcessOf(int slot, int life) => (slot * ProcessesOfSlot) + life;
}
