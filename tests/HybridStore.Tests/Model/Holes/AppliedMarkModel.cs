using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

/// <summary>What a slot holds.</summary>
internal readonly record struct Slot(Content Entry, byte ApplyCounter, bool HasMark);

/// <param name="HasCommitted">x.</param>
/// <param name="Leader">0 nothing done, 1 x applied, 2 mark written.</param>
/// <param name="Master">The slot.</param>
/// <param name="Replica">Its copy, a prefix of the master's history.</param>
/// <param name="MayFail">The one failover is still to come.</param>
/// <param name="Expected">The apply counter as the leader has left it.</param>
internal readonly record struct AppliedMarkState(
    bool HasCommitted, byte Leader, Slot Master, Slot Replica, bool MayFail, byte Expected);

/// <summary>Redis fails over between what the leader applies and the mark that says so.</summary>
internal sealed class AppliedMarkModel(ProtocolRules rules) : Hole<AppliedMarkState>(rules)
{
    private static readonly Slot Stale = new(Content.Old, 0, false);

    public override AppliedMarkState Initial => new() { Master = Stale, Replica = Stale, MayFail = true };

    public override void AddSteps(in AppliedMarkState s, List<Step<AppliedMarkState>> steps)
    {
        if (!s.HasCommitted)
        {
            steps.Add(To("commit x", s with { HasCommitted = true }));
        }

        if (s.HasCommitted && s.Leader == 0)
        {
            byte counter = (byte)(s.Master.ApplyCounter + 1);
            steps.Add(To("leader applies x to partition (acknowledged)", s with
            {
                Leader = 1,
                Master = s.Master with { Entry = Content.Nothing, ApplyCounter = counter },
                Expected = counter,
            }));
        }

        if (s.Leader == 1 && !s.Master.HasMark)
        {
            steps.Add(!Rules.MarkDemandsApplyCounter || s.Master.ApplyCounter == s.Expected
                ? To("mark: compare-and-set(S0 -> S1) succeeds", s with { Leader = 2, Master = s.Master with { HasMark = true } })
                : To("mark refused: apply counter differs -> replay", s with { Leader = 0 }));
        }

        if (s.MayFail)
        {
            if (s.Replica != s.Master)
            {
                steps.Add(To("replica catches up", s with { Replica = s.Master }));
            }

            steps.Add(To("FAILOVER to the replica", s with { Master = s.Replica, MayFail = false }));
        }

        if (s.Leader == 2 && !s.Master.HasMark)
        {
            steps.Add(To("leader sees an older mark -> replay", s with { Leader = 0 }));
        }
    }

    public override string? Violation(in AppliedMarkState s) =>
        s.Master.HasMark && s.Master.Entry == Content.Old ? "mark S1 covers x, old entry is back" : null;
}
