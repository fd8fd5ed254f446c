namespace HybridStore.Tests.Model.Searching;

/// <summary>A protocol as a state machine: every step is atomic, and any order of steps may happen.</summary>
internal interface IModel<TState>
    where TState : struct, IEquatable<TState>
{
    TState Initial { get; }

    /// <summary>Adds everything that can happen next.</summary>
    void AddSteps(in TState state, List<Step<TState>> steps);

    /// <summary>What is wrong with this state; null if nothing is.</summary>
    string? Violation(in TState state);
}
