using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

internal enum EarlyLoad : byte
{
    Idle,
    Leased,
    Loaded,
}

/// <param name="Commit">0 open, 1 in the log, 2 visible.</param>
/// <param name="Applied">0 no, 1 before it was visible, 2 when it was.</param>
/// <param name="HasFence">The fence of x stands.</param>
/// <param name="HasMark">A mark that covers x is written.</param>
/// <param name="Entry">In Redis.</param>
/// <param name="HoldsLease">The load's lease stands.</param>
/// <param name="Load">How far the load is.</param>
/// <param name="Reflects">What it has loaded.</param>
internal readonly record struct EarlyInvalidationState(
    byte Commit, byte Applied, bool HasFence, bool HasMark, Content Entry, bool HoldsLease, EarlyLoad Load, bool Reflects);

/// <summary>An invalidation that logical replication brings before its commit is visible, and FenceTtl.</summary>
internal sealed class EarlyInvalidationModel(ProtocolRules rules) : Hole<EarlyInvalidationState>(rules)
{
    public override EarlyInvalidationState Initial => new() { Entry = Content.Old };

    public override void AddSteps(in EarlyInvalidationState s, List<Step<EarlyInvalidationState>> steps)
    {
        bool isVisible = s.Commit == 2;
        if (s.Commit == 0)
        {
            steps.Add(To("commit record in WAL (waits for sync standby)", s with { Commit = 1 }));
        }

        if (s.Commit == 1)
        {
            steps.Add(To("commit becomes visible", s with { Commit = 2 }));
        }

        if (s.Commit >= 1 && s.Applied == 0)
        {
            steps.Add(To(
                isVisible ? "leader decodes x and applies it" : "leader decodes x and applies it (not visible yet)",
                Apply(s) with { Applied = isVisible ? (byte)2 : (byte)1 }));
        }

        if (Rules.EarlyInvalidationsRepeated && s.Applied == 1 && isVisible)
        {
            steps.Add(To("leader applies x again, now visible", Apply(s) with { Applied = 2 }));
        }

        if (s.HasFence && s.Load == EarlyLoad.Idle)
        {
            steps.Add(To("FenceTtl passes", s with { HasFence = false }));
        }

        if (isVisible && s.Applied >= (Rules.EarlyInvalidationsRepeated ? 2 : 1) && !s.HasMark)
        {
            steps.Add(To("mark S (x visible in it) written", s with { HasMark = true }));
        }

        switch (s.Load)
        {
            case EarlyLoad.Idle when s.Entry == Content.Nothing:
                steps.Add(To("miss, lease", s with { Load = EarlyLoad.Leased, HoldsLease = true }));
                break;
            case EarlyLoad.Leased:
                steps.Add(To($"load {AgeOf(isVisible)}", s with { Load = EarlyLoad.Loaded, Reflects = isVisible }));
                break;
            case EarlyLoad.Loaded:
                bool ok = s.HoldsLease && (!s.HasFence || s.Reflects);
                steps.Add(To($"store {VerdictOf(ok)}", s with
                {
                    Load = EarlyLoad.Idle,
                    Entry = ok ? ContentOf(s.Reflects) : s.Entry,
                    HoldsLease = false,
                    Reflects = false,
                }));
                break;
        }
    }

    public override string? Violation(in EarlyInvalidationState s) =>
        s.HasMark && s.Entry == Content.Old ? "mark covers x, entry does not" : null;

    private static EarlyInvalidationState Apply(in EarlyInvalidationState s)
    {
        bool stays = s.Entry == Content.New;
        return s with { HasFence = true, Entry = stays ? s.Entry : Content.Nothing, HoldsLease = stays && s.HoldsLease };
    }
}
