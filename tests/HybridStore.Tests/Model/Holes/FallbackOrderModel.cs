using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

internal enum FallbackLoad : byte
{
    Idle,
    Leased,
    Loaded,
}

/// <param name="HasCommitted">x.</param>
/// <param name="Commands">How many single commands of the invalidation have run.</param>
/// <param name="Entry">In Redis.</param>
/// <param name="HoldsLease">The load's lease stands.</param>
/// <param name="Load">How far the load is.</param>
/// <param name="Reflects">What it has loaded.</param>
internal readonly record struct FallbackState(
    bool HasCommitted, byte Commands, Content Entry, bool HoldsLease, FallbackLoad Load, bool Reflects);

/// <summary>An invalidation by single commands, while a slot migrates.</summary>
internal sealed class FallbackOrderModel(ProtocolRules rules) : Hole<FallbackState>(rules)
{
    public override FallbackState Initial => default;

    public override void AddSteps(in FallbackState s, List<Step<FallbackState>> steps)
    {
        if (!s.HasCommitted)
        {
            steps.Add(To("commit x", s with { HasCommitted = true }));
        }

        if (s.HasCommitted && s.Commands < 2)
        {
            byte commands = (byte)(s.Commands + 1);
            steps.Add(s.Commands == 0 == Rules.FallbackDropsLeaseFirst
                ? To("HDEL lease", s with { Commands = commands, HoldsLease = false })
                : To("UNLINK entry", s with { Commands = commands, Entry = Content.Nothing }));
        }

        switch (s.Load)
        {
            case FallbackLoad.Idle when s.Entry == Content.Nothing:
                steps.Add(To("lease", s with { Load = FallbackLoad.Leased, HoldsLease = true }));
                break;
            case FallbackLoad.Leased:
                steps.Add(To($"load {AgeOf(s.HasCommitted)}", s with { Load = FallbackLoad.Loaded, Reflects = s.HasCommitted }));
                break;
            case FallbackLoad.Loaded:
                steps.Add(To($"store {VerdictOf(s.HoldsLease)}", s with
                {
                    Load = FallbackLoad.Idle,
                    Entry = s.HoldsLease ? ContentOf(s.Reflects) : s.Entry,
                    HoldsLease = false,
                }));
                break;
        }
    }

    public override string? Violation(in FallbackState s) =>
        s.Commands == 2 && s.Entry == Content.Old ? "stale after the fallback" : null;
}
