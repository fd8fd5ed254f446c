namespace HybridStore.Tests.Model.Partitions;

/// <summary>What store.lua asks before it stores.</summary>
internal sealed class StoreCheck(Scenario scenario, ProtocolRules rules)
{
    public bool Accepts(in PartitionState state, in Reader reader, bool isStamped) =>
        HoldsLease(state, reader)
        && Reflects(state.KeyFences, reader, isStamped)
        && (!rules.StoreChecksTags || (IsNewerThanTag(state, reader, isStamped) && Reflects(state.TagFences, reader, isStamped)))
        && (!isStamped || !reader.IsOnStandby || scenario.StandbyListsRunning || !rules.StandbyMustPassHigh
            || state.High < reader.Stamp.Xmin);

    private bool HoldsLease(in PartitionState state, in Reader reader) =>
        !rules.Leases || (state.Lease == reader.Token && !(rules.NoStoreAfterFenceTtl && reader.IsLate));

    private bool IsNewerThanTag(in PartitionState state, in Reader reader, bool isStamped)
    {
        // The sequence comes with the lease.
        if (!rules.Leases || (isStamped && !rules.SequenceChecksStampedLoads))
        {
            return true;
        }

        return (isStamped ? state.TagSequenceWithoutXid : state.TagSequence) <= reader.Sequence;
    }

    private bool Reflects(in Fences fences, in Reader reader, bool isStamped)
    {
        if (!isStamped)
        {
            return !rules.PreCommitFencesRefuseUnstamped || fences.PreCommit.IsEmpty;
        }

        return reader.Stamp.Sees(fences.Xids)
            && (rules.FloorComparedWithXmin ? fences.Floor < reader.Stamp.Xmin : reader.Stamp.Sees(fences.Floor));
    }
}
