using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Partitions;

/// <summary>Begin, write, COMMIT, invalidate; strict writers set their fences before COMMIT too.</summary>
internal sealed class WriterSteps(Scenario scenario, ProtocolRules rules)
{
    private static readonly string[] Names = ["w0", "w1"];

    private readonly Invalidations _invalidations = new(scenario, rules);

    public void Add(in PartitionState state, List<Step<PartitionState>> steps)
    {
        Add(state, 0, scenario.FirstWriter, steps);
        if (scenario.SecondWriter is { } plan)
        {
            Add(state, 1, plan, steps);
        }
    }

    private void Add(in PartitionState state, int index, WriterPlan plan, List<Step<PartitionState>> steps)
    {
        Writer writer = state.WriterAt(index);
        string name = Names[index];
        PartitionState To(in PartitionState from, WriterPhase phase) => from.With(index, writer with { Phase = phase });

        // Without a tag there is nothing left to sweep.
        bool sweeps = plan.Targets.HasFlag(Targets.Tag);
        switch (writer.Phase)
        {
            case WriterPhase.Idle:
                steps.Add(new(name, "begin", state.With(index, new Writer(WriterPhase.Open, state.NextXid)) with
                {
                    NextXid = (byte)(state.NextXid + 1),
                    Running = state.Running.With(state.NextXid),
                }));
                return;
            case WriterPhase.Open:
                if (!state.WriterAt(1 - index).HoldsRow)
                {
                    steps.Add(new(name, "write", To(state, WriterPhase.Wrote)));
                }

                return;
            case WriterPhase.Wrote when plan.IsStrict:
                steps.Add(new(name, "strict fence", To(
                    _invalidations.Fence(state, writer.Xid, plan, isBeforeCommit: true),
                    sweeps ? WriterPhase.FencedEarly : WriterPhase.SweptEarly)));
                break;
            case WriterPhase.FencedEarly:
                steps.Add(new(name, "strict chunk", To(_invalidations.Sweep(state, writer.Xid, plan), WriterPhase.SweptEarly)));
                break;
            case WriterPhase.Wrote or WriterPhase.SweptEarly:
                steps.Add(new(name, "commit", To(state, WriterPhase.Committed) with
                {
                    Running = state.Running.Without(writer.Xid),
                    Committed = state.Committed.With(writer.Xid),
                }));
                break;
            case WriterPhase.Committed:
                if (plan.MayDieAfterCommit)
                {
                    steps.Add(new(name, "crash", To(state, WriterPhase.Dead)));
                }

                steps.Add(new(name, "fence", To(
                    _invalidations.Fence(state, writer.Xid, plan, isBeforeCommit: false),
                    sweeps ? WriterPhase.Fenced : WriterPhase.Finished)));
                return;
            case WriterPhase.Fenced:
                steps.Add(new(name, "chunk", To(_invalidations.Sweep(state, writer.Xid, plan), WriterPhase.Finished)));
                return;
            default:
                return;
        }

        if (plan.MayRollBack)
        {
            steps.Add(new(name, "rollback", To(state, WriterPhase.RolledBack) with { Running = state.Running.Without(writer.Xid) }));
        }
    }
}
