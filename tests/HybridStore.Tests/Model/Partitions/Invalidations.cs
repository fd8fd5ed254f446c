namespace HybridStore.Tests.Model.Partitions;

/// <summary>What invalidate.lua does.</summary>
internal sealed class Invalidations(Scenario scenario, ProtocolRules rules)
{
    /// <summary>The first call: everything is fenced, the keys named are dropped, no member is visited yet.</summary>
    public PartitionState Fence(in PartitionState state, byte xid, WriterPlan plan, bool isBeforeCommit)
    {
        byte sequence = (byte)(state.Sequence + 1);
        PartitionState next = state with
        {
            Sequence = sequence,
            High = plan.KnowsXid ? Math.Max(state.High, xid) : state.High,
        };
        if (plan.Targets.HasFlag(Targets.Tag))
        {
            next = next with
            {
                TagSequence = sequence,
                TagSequenceWithoutXid = plan.KnowsXid ? state.TagSequenceWithoutXid : sequence,
                TagFences = plan.KnowsXid ? state.TagFences.Add(xid, isBeforeCommit, scenario.FenceCapacity) : state.TagFences,
            };
        }

        if (plan.Targets.HasFlag(Targets.Key))
        {
            bool stays = Reflects(state.Entry, xid, plan);
            next = next with
            {
                KeyFences = plan.KnowsXid ? state.KeyFences.Add(xid, isBeforeCommit, scenario.FenceCapacity) : state.KeyFences,
                Entry = stays ? state.Entry : default,
                Lease = stays ? state.Lease : (byte)0,
            };
        }

        return next;
    }

    /// <summary>A chunk of the tag set: the one key, if it is a member.</summary>
    public PartitionState Sweep(in PartitionState state, byte xid, WriterPlan plan)
    {
        if (!state.IsMember)
        {
            return state;
        }

        bool stays = Reflects(state.Entry, xid, plan);
        PartitionState next = state with
        {
            Entry = stays ? state.Entry : default,
            IsMember = stays && rules.MembersLeaveWithTheirEntries,
        };
        return scenario.ChunksFenceGuards
            ? next with
            {
                KeyFences = state.KeyFences.Add(xid, isBeforeCommit: false, scenario.FenceCapacity),
                Lease = stays ? state.Lease : (byte)0,
            }
            : next;
    }

    private static bool Reflects(in Entry entry, byte xid, WriterPlan plan) =>
        plan.KnowsXid && entry.Exists && entry.IsStamped && entry.Stamp.Sees(xid);
}
