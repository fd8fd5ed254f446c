using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

/// <summary>A model that is just large enough for one hole. States and labels are those of the reference searches.</summary>
internal abstract class Hole<TState>(ProtocolRules rules) : IModel<TState>
    where TState : struct, IEquatable<TState>
{
    protected ProtocolRules Rules { get; } = rules;

    public abstract TState Initial { get; }

    public abstract void AddSteps(in TState state, List<Step<TState>> steps);

    public abstract string? Violation(in TState state);

    protected static Content ContentOf(bool reflects) => reflects ? Content.New : Content.Old;

    protected static string AgeOf(bool reflects) => reflects ? "new" : "old";

    protected static string VerdictOf(bool isAccepted) => isAccepted ? "ok" : "refused";

    protected static Step<TState> To(string label, TState next) => new(string.Empty, label, next);
}
