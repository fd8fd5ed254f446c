namespace HybridStore.Tests.Model.Partitions;

[Flags]
internal enum Targets
{
    None = 0,
    Tag = 1,
    Key = 2,
    Both = Tag | Key,
}

[Flags]
internal enum Sources
{
    None = 0,
    Primary = 1,
    Standby = 2,
    Either = Primary | Standby,
}

/// <summary>What a writer does.</summary>
/// <param name="Targets">What it invalidates.</param>
internal sealed record WriterPlan(Targets Targets = Targets.Tag)
{
    /// <summary>False: it invalidates without an xid.</summary>
    public bool KnowsXid { get; init; } = true;

    /// <summary>It sets its fences before COMMIT as well.</summary>
    public bool IsStrict { get; init; }

    public bool MayDieAfterCommit { get; init; }

    public bool MayRollBack { get; init; }
}

/// <summary>How a reader loads.</summary>
/// <param name="Sources">Where.</param>
internal sealed record ReaderPlan(Sources Sources = Sources.Primary)
{
    /// <summary>False: a loader that does not read through the store.</summary>
    public bool IsStamped { get; init; } = true;

    /// <summary>It may load although there is an entry.</summary>
    public bool RefreshesEarly { get; init; }
}

/// <summary>What may happen in a search.</summary>
internal sealed record Scenario
{
    /// <summary>Two writers and two readers of a tagged key.</summary>
    public static Scenario Pairs { get; } = new();

    /// <summary>One writer and one reader: enough for many a counterexample.</summary>
    public static Scenario Single { get; } = new() { SecondWriter = null, SecondReader = null };

    public WriterPlan FirstWriter { get; init; } = new();

    /// <summary>Null: there is one writer.</summary>
    public WriterPlan? SecondWriter { get; init; } = new();

    public ReaderPlan FirstReader { get; init; } = new();

    /// <summary>Null: there is one reader.</summary>
    public ReaderPlan? SecondReader { get; init; } = new();

    /// <summary>The guard of the key may get lost, once.</summary>
    public bool GuardMayBeLost { get; init; }

    /// <summary>The fences of the tag may get lost before their time, once.</summary>
    public bool TagFencesMayBeLost { get; init; }

    /// <summary>FenceTtl may pass while loads run under renewed leases.</summary>
    public bool FenceTtlMayPass { get; init; }

    /// <summary>How many ids a guard or a tag keeps exactly; the others are folded into its floor.</summary>
    public int FenceCapacity { get; init; } = 64;

    /// <summary>As in an earlier design, which the reference counts were taken from: a chunk sets the fence on the guards of
    /// members.</summary>
    public bool ChunksFenceGuards { get; init; }

    /// <summary>As in the reference: a standby replays commits in the order of their ids. Else it may hold any of them.</summary>
    public bool StandbyReplaysInIdOrder { get; init; }

    /// <summary>A standby that does not exist: its snapshot lists what runs.</summary>
    public bool StandbyListsRunning { get; init; }

    public int Readers => SecondReader is null ? 1 : 2;

    /// <summary>All writers alike.</summary>
    public Scenario WithWriters(WriterPlan plan) =>
        this with { FirstWriter = plan, SecondWriter = SecondWriter is null ? null : plan };

    /// <summary>All readers alike.</summary>
    public Scenario WithReaders(ReaderPlan plan) =>
        this with { FirstReader = plan, SecondReader = SecondReader is null ? null : plan };
}
