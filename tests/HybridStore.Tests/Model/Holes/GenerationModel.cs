using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

internal enum GenerationLoad : byte
{
    Idle,
    Loaded,
    LeaseLost,
}

/// <param name="IsRaised">The partition is in generation 1.</param>
/// <param name="AIsRaised">A has taken it over.</param>
/// <param name="BIsRaised">B has taken it over.</param>
/// <param name="HasCommitted">y, A's write.</param>
/// <param name="Entry0">In generation 0.</param>
/// <param name="Entry1">In generation 1.</param>
/// <param name="IsInvalidated">A's invalidation has returned.</param>
/// <param name="Load">B's load.</param>
/// <param name="LoadReflectsY">What it has loaded.</param>
/// <param name="LoadIsRaised">It was begun in generation 1.</param>
internal readonly record struct GenerationState(
    bool IsRaised,
    bool AIsRaised,
    bool BIsRaised,
    bool HasCommitted,
    Content Entry0,
    Content Entry1,
    bool IsInvalidated,
    GenerationLoad Load,
    bool LoadReflectsY,
    bool LoadIsRaised)
{
    public Content EntryIn(bool raised) => raised ? Entry1 : Entry0;
}

/// <summary>Rule 12: the generation is raised while two instances work, each with its own idea of it.</summary>
internal sealed class GenerationModel(ProtocolRules rules) : Hole<GenerationState>(rules)
{
    public override GenerationState Initial => new() { Entry0 = Content.Old };

    public override void AddSteps(in GenerationState s, List<Step<GenerationState>> steps)
    {
        if (!s.IsRaised)
        {
            steps.Add(To("generation raised to 1", s with { IsRaised = true }));
        }

        if (!s.BIsRaised && s.IsRaised)
        {
            steps.Add(To("B adopts 1", s with { BIsRaised = true }));
        }

        if (!s.AIsRaised && s.IsRaised)
        {
            steps.Add(To("A adopts 1", s with { AIsRaised = true }));
        }

        if (!s.HasCommitted)
        {
            steps.Add(To("A commits y", s with { HasCommitted = true }));
        }

        if (s.HasCommitted && !s.IsInvalidated)
        {
            steps.Add(Invalidate(s));
        }

        AddLoad(s, steps);
    }

    public override string? Violation(in GenerationState s) =>
        !s.IsInvalidated ? null
        : s.EntryIn(s.BIsRaised) == Content.Old
            ? $"B reads old value in generation {Number(s.BIsRaised)} after A's invalidation returned"
        : s.EntryIn(s.AIsRaised) == Content.Old
            ? $"A reads old value in generation {Number(s.AIsRaised)} after its own invalidation"
        : null;

    private static int Number(bool raised) => raised ? 1 : 0;

    private static Content Drop(Content entry) => entry == Content.New ? entry : Content.Nothing;

    private Step<GenerationState> Invalidate(in GenerationState s)
    {
        bool raised = s.AIsRaised;
        if (!Rules.ScriptsCheckGeneration)
        {
            return To($"A invalidates in generation {Number(raised)}", s with
            {
                IsInvalidated = true,
                Entry0 = raised ? s.Entry0 : Drop(s.Entry0),
                Entry1 = raised ? Drop(s.Entry1) : s.Entry1,
                Load = s.Load == GenerationLoad.Loaded && s.LoadIsRaised == raised && !s.LoadReflectsY
                    ? GenerationLoad.LeaseLost
                    : s.Load,
            });
        }

        return s.IsRaised && !raised
            ? To("A's script is told: generation is 1", s with { AIsRaised = true })
            : To($"A invalidates in {Number(raised)} and in {Number(raised) - 1}", s with
            {
                IsInvalidated = true,
                Entry0 = Drop(s.Entry0),
                Entry1 = raised ? Drop(s.Entry1) : s.Entry1,
                Load = s.Load == GenerationLoad.Loaded && !s.LoadReflectsY ? GenerationLoad.LeaseLost : s.Load,
            });
    }

    private void AddLoad(in GenerationState s, List<Step<GenerationState>> steps)
    {
        bool isChecked = Rules.ScriptsCheckGeneration;
        switch (s.Load)
        {
            case GenerationLoad.Idle when s.EntryIn(s.BIsRaised) == Content.Nothing:
                steps.Add(isChecked && s.IsRaised && !s.BIsRaised
                    ? To("B's lease script is told: generation is 1", s with { BIsRaised = true })
                    : To($"B misses in {Number(s.BIsRaised)}, loads {AgeOf(s.HasCommitted)}", s with
                    {
                        Load = GenerationLoad.Loaded,
                        LoadReflectsY = s.HasCommitted,
                        LoadIsRaised = s.BIsRaised,
                    }));
                break;
            case GenerationLoad.Loaded when isChecked && s.IsRaised && !s.LoadIsRaised:
                steps.Add(To("B's store refused: older generation", s with { Load = GenerationLoad.Idle }));
                break;
            case GenerationLoad.Loaded:
                Content loaded = ContentOf(s.LoadReflectsY);
                steps.Add(To($"B stores in {Number(s.LoadIsRaised)}", s with
                {
                    Load = GenerationLoad.Idle,
                    Entry0 = s.LoadIsRaised ? s.Entry0 : loaded,
                    Entry1 = s.LoadIsRaised ? loaded : s.Entry1,
                }));
                break;
            case GenerationLoad.LeaseLost:
                steps.Add(To("B's store refused: lease lost", s with { Load = GenerationLoad.Idle }));
                break;
        }
    }
}
