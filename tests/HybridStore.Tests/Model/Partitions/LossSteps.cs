using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Partitions;

/// <summary>What Redis forgets.</summary>
internal sealed class LossSteps(Scenario scenario, ProtocolRules rules)
{
    public void Add(in PartitionState state, List<Step<PartitionState>> steps)
    {
        if (scenario.GuardMayBeLost && state.Losses == 0 && (state.Lease != 0 || state.KeyFences.Any))
        {
            steps.Add(new(string.Empty, "guard lost", state with { Lease = 0, KeyFences = default, Losses = 1 }));
        }

        if (scenario.TagFencesMayBeLost && state.Losses == 0 && state.TagSequence != 0)
        {
            steps.Add(new(string.Empty, "tag fences lost", Forget(state) with { Losses = 1 }));
        }

        if (scenario.FenceTtlMayPass && state.TagSequence != 0 && !IsRenewed(state, 0) && !IsRenewed(state, 1))
        {
            PartitionState next = Forget(state);
            steps.Add(new(string.Empty, "FenceTtl passes", next with
            {
                FirstReader = Aged(state, state.FirstReader),
                SecondReader = Aged(state, state.SecondReader),
            }));
        }
    }

    private static PartitionState Forget(in PartitionState state) =>
        state with { TagFences = default, TagSequence = 0, TagSequenceWithoutXid = 0 };

    private bool IsRenewed(in PartitionState state, int writer) =>
        rules.FencesRenewedUntilCommit && state.WriterAt(writer).Phase is WriterPhase.FencedEarly or WriterPhase.SweptEarly;

    /// <summary>The fences go FenceTtl after the tag's last invalidation. A load granted before it is older than that; so is one
    /// that was granted before a COMMIT, where fences set before it are counted from there. Any other may be younger.</summary>
    private Reader Aged(in PartitionState state, in Reader reader)
    {
        bool isOlder = reader.Phase != ReaderPhase.Idle
            && (reader.Sequence < state.TagSequence
                || (rules.PreCommitFencesOutliveLoads
                    && reader.Phase == ReaderPhase.Loaded
                    && !state.TagFences.PreCommit.Except(reader.Reflects).IsEmpty));
        return isOlder ? reader with { IsLate = true } : reader;
    }
}
