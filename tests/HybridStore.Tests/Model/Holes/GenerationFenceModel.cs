using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

/// <param name="Write">0 not yet, 1 fenced before COMMIT, 2 committed, its writer dead.</param>
/// <param name="IsRaised">Generation 1 is in force.</param>
/// <param name="Fence0">The fence in the names of generation 0.</param>
/// <param name="Fence1">The fence in the names of generation 1.</param>
/// <param name="Entry">In the current generation.</param>
/// <param name="IsLoading">A load is on its way.</param>
/// <param name="Reflects">What it has loaded.</param>
internal readonly record struct GenerationFenceState(
    byte Write, bool IsRaised, bool Fence0, bool Fence1, Content Entry, bool IsLoading, bool Reflects);

/// <summary>Rule 12: the generation is raised between a strict fence and its COMMIT.</summary>
internal sealed class GenerationFenceModel(ProtocolRules rules) : Hole<GenerationFenceState>(rules)
{
    public override GenerationFenceState Initial => default;

    public override void AddSteps(in GenerationFenceState s, List<Step<GenerationFenceState>> steps)
    {
        if (s.Write == 0)
        {
            steps.Add(To("strict fence x", s with
            {
                Write = 1,
                Fence0 = s.Fence0 || !s.IsRaised,
                Fence1 = s.Fence1 || s.IsRaised,
                Entry = Content.Nothing,
            }));
        }

        if (s.Write == 1)
        {
            steps.Add(To("COMMIT x (writer dies)", s with { Write = 2 }));
        }

        if (!s.IsRaised)
        {
            steps.Add(To("generation raised", s with
            {
                IsRaised = true,
                Entry = Content.Nothing,
                Fence1 = s.Fence0 && Rules.FencesOutliveGeneration,
                IsLoading = false,
            }));
        }

        if (!s.IsLoading && s.Entry == Content.Nothing)
        {
            bool isNew = s.Write == 2;
            steps.Add(To($"lease, load {AgeOf(isNew)}", s with { IsLoading = true, Reflects = isNew }));
        }

        if (s.IsLoading)
        {
            bool ok = !(s.IsRaised ? s.Fence1 : s.Fence0) || s.Reflects;
            steps.Add(To($"store {VerdictOf(ok)}", s with { IsLoading = false, Entry = ok ? ContentOf(s.Reflects) : s.Entry }));
        }
    }

    public override string? Violation(in GenerationFenceState s) =>
        s.Write == 2 && s.Entry == Content.Old && (s.Fence0 || s.Fence1) ? "strict: old value after COMMIT" : null;
}
