using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Partitions;

/// <summary>
/// The protocol in one partition: loads with lease, stamp and store; invalidations with fences and chunks. Each script is one
/// step, since Redis runs it as one.
/// </summary>
internal sealed class PartitionModel(Scenario scenario, ProtocolRules rules) : IModel<PartitionState>
{
    public const string StaleAfterInvalidation = "stale hit after an applied invalidation";
    public const string StaleAfterCommit = "stale hit after a strict COMMIT";

    private readonly WriterSteps _writers = new(scenario, rules);
    private readonly ReaderSteps _readers = new(scenario, rules);
    private readonly LossSteps _losses = new(scenario, rules);

    public PartitionState Initial => new() { NextXid = 1, NextToken = 1 };

    public void AddSteps(in PartitionState state, List<Step<PartitionState>> steps)
    {
        _writers.Add(state, steps);
        _readers.Add(state, steps);
        _losses.Add(state, steps);
    }

    /// <summary>A reader finds an entry without a write whose invalidation has been applied, or, strict, that has been
    /// committed.</summary>
    public string? Violation(in PartitionState state)
    {
        if (!state.Entry.Exists
            || (state.FirstReader.Phase != ReaderPhase.Idle
                && (scenario.SecondReader is null || state.SecondReader.Phase != ReaderPhase.Idle)))
        {
            return null;
        }

        return Missed(state.Entry, state.FirstWriter, scenario.FirstWriter)
            ?? Missed(state.Entry, state.SecondWriter, scenario.SecondWriter);
    }

    private static string? Missed(in Entry entry, in Writer writer, WriterPlan? plan) =>
        plan is null || entry.Reflects.Contains(writer.Xid) ? null
        : writer.Phase == WriterPhase.Finished ? StaleAfterInvalidation
        : writer.HasCommitted && plan.IsStrict ? StaleAfterCommit
        : null;
}
