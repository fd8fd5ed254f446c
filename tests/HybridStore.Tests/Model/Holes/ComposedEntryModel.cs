using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

internal enum ComposedLoad : byte
{
    Idle,
    Leased,
    Stamped,
    Loaded,
}

/// <param name="HasCommitted">x, which changes B.</param>
/// <param name="IsBInvalidated">With x.</param>
/// <param name="IsAInvalidated">With x.</param>
/// <param name="B">The entry of B; its stamp is honest.</param>
/// <param name="A">The entry of A, which is made of B.</param>
/// <param name="AStampSeesX">The stamp of that entry.</param>
/// <param name="Load">The load of A.</param>
/// <param name="LoadStampSeesX">Its stamp.</param>
/// <param name="LoadReflectsX">Its value.</param>
/// <param name="HoldsLease">The lease of A.</param>
internal readonly record struct ComposedEntryState(
    bool HasCommitted,
    bool IsBInvalidated,
    bool IsAInvalidated,
    Content B,
    Content A,
    bool AStampSeesX,
    ComposedLoad Load,
    bool LoadStampSeesX,
    bool LoadReflectsX,
    bool HoldsLease);

/// <summary>Rule 11: a load of A reads B through the cache.</summary>
/// <param name="rules">The rules.</param>
/// <param name="keepsFreshEntries">Whether invalidations leave entries that already reflect them.</param>
internal sealed class ComposedEntryModel(ProtocolRules rules, bool keepsFreshEntries = true) : Hole<ComposedEntryState>(rules)
{
    public override ComposedEntryState Initial => new() { B = Content.Old };

    public override void AddSteps(in ComposedEntryState s, List<Step<ComposedEntryState>> steps)
    {
        bool x = s.HasCommitted;
        if (!x)
        {
            steps.Add(To("commit x (changes B)", s with { HasCommitted = true }));
        }

        if (x && !s.IsBInvalidated)
        {
            steps.Add(To("invalidate key B with x", s with { IsBInvalidated = true, B = s.B == Content.New ? s.B : Content.Nothing }));
        }

        if (x && !s.IsAInvalidated)
        {
            bool stays = s.A != Content.Nothing && s.AStampSeesX && keepsFreshEntries;
            steps.Add(To("invalidate key A with x (A depends on B)", s with
            {
                IsAInvalidated = true,
                A = stays ? s.A : Content.Nothing,
                AStampSeesX = stays,
                HoldsLease = stays && s.HoldsLease,
            }));
        }

        switch (s.Load)
        {
            case ComposedLoad.Idle when s.A == Content.Nothing:
                steps.Add(To("miss A, lease", s with { Load = ComposedLoad.Leased, HoldsLease = true }));
                break;
            case ComposedLoad.Leased:
                steps.Add(To(
                    $"stamp A (x {(x ? "visible" : "not visible")})", s with { Load = ComposedLoad.Stamped, LoadStampSeesX = x }));
                break;
            case ComposedLoad.Stamped when s.B != Content.Nothing:
                bool isNew = s.B == Content.New;
                steps.Add(To($"loader of A reads B from the cache: {(isNew ? "new" : "OLD")}", Loaded(s, isNew)));
                break;
            case ComposedLoad.Stamped:
                steps.Add(To($"loader of A loads B: {AgeOf(x)}", Loaded(s, x) with
                {
                    B = !s.IsBInvalidated || x ? ContentOf(x) : Content.Nothing,
                }));
                break;
            case ComposedLoad.Loaded:
                bool ok = s.HoldsLease && (!s.IsAInvalidated || s.LoadStampSeesX);
                steps.Add(To($"store A {VerdictOf(ok)}", s with
                {
                    Load = ComposedLoad.Idle,
                    A = ok ? ContentOf(s.LoadReflectsX) : s.A,
                    AStampSeesX = ok ? s.LoadStampSeesX : s.AStampSeesX,
                    HoldsLease = false,
                    LoadReflectsX = false,
                    LoadStampSeesX = false,
                }));
                break;
        }
    }

    public override string? Violation(in ComposedEntryState s) =>
        s.IsAInvalidated && s.IsBInvalidated && s.A == Content.Old ? "both invalidations returned, A holds old B" : null;

    private ComposedEntryState Loaded(in ComposedEntryState s, bool reflectsX) => s with
    {
        Load = ComposedLoad.Loaded,
        LoadReflectsX = reflectsX,
        LoadStampSeesX = s.LoadStampSeesX && (reflectsX || !Rules.StampIsMeetOfInputs),
    };
}
