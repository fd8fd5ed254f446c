using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Partitions;

/// <summary>Lease, stamp, load, store.</summary>
internal sealed class ReaderSteps(Scenario scenario, ProtocolRules rules)
{
    // Leases enough for both readers to lose some.
    private const int SpareTokens = 3;

    private static readonly string[] Names = ["r0", "r1"];
    private static readonly string[] StandbyLoads = ["standby load 0", "standby load 1", "standby load 2", "standby load 3"];

    private readonly StoreCheck _check = new(scenario, rules);

    public void Add(in PartitionState state, List<Step<PartitionState>> steps)
    {
        Add(state, 0, scenario.FirstReader, steps);
        if (scenario.SecondReader is { } plan)
        {
            Add(state, 1, plan, steps);
        }
    }

    private void Add(in PartitionState state, int index, ReaderPlan plan, List<Step<PartitionState>> steps)
    {
        Reader reader = state.ReaderAt(index);
        string name = Names[index];
        switch (reader.Phase)
        {
            case ReaderPhase.Idle:
                // Leases are taken over without further conditions: any may have ended.
                if ((!state.Entry.Exists || plan.RefreshesEarly) && state.NextToken < scenario.Readers + SpareTokens)
                {
                    byte token = rules.TokenPerLoad ? state.NextToken : (byte)1;
                    var leased = new Reader(ReaderPhase.Leased, token, default, default, state.Sequence, false, false);
                    steps.Add(new(name, "lease", state.With(index, leased) with
                    {
                        Lease = token,
                        NextToken = (byte)(state.NextToken + 1),
                    }));
                }

                break;
            case ReaderPhase.Leased:
                if (plan.Sources.HasFlag(Sources.Primary))
                {
                    AddFirstHalf(state, index, reader, steps);
                }

                if (plan.Sources.HasFlag(Sources.Standby))
                {
                    AddStandbyLoads(state, index, reader, steps);
                }

                break;
            case ReaderPhase.Stamped:
                steps.Add(rules.StampPrecedesLoad
                    ? new(name, "load", state.With(index, reader with { Phase = ReaderPhase.Loaded, Reflects = state.Committed }))
                    : new(name, "stamp", state.With(index, reader with { Phase = ReaderPhase.Loaded, Stamp = Snapshot(state) })));
                break;
            case ReaderPhase.Loaded:
                bool isStamped = plan.IsStamped && rules.Stamps;
                steps.Add(_check.Accepts(state, reader, isStamped)
                    ? new(name, "store", state.With(index, default(Reader)) with
                    {
                        Entry = new Entry(true, reader.Reflects, isStamped, reader.Stamp),
                        IsMember = true,
                        Lease = 0,
                    })
                    : new(name, "refused", state.With(index, default(Reader))));
                break;
        }
    }

    private static ModelStamp Snapshot(in PartitionState state) => ModelStamp.Of(state.Running, state.NextXid);

    private void AddFirstHalf(in PartitionState state, int index, Reader reader, List<Step<PartitionState>> steps) =>
        steps.Add(rules.StampPrecedesLoad
            ? new(Names[index], "stamp", state.With(index, reader with { Phase = ReaderPhase.Stamped, Stamp = Snapshot(state) }))
            : new(Names[index], "load", state.With(index, reader with { Phase = ReaderPhase.Stamped, Reflects = state.Committed })));

    private void AddStandbyLoads(in PartitionState state, int index, Reader reader, List<Step<PartitionState>> steps)
    {
        for (int bits = 0; bits <= state.Committed.Bits; bits++)
        {
            var replayed = new XidSet((byte)bits);
            if (!replayed.Except(state.Committed).IsEmpty
                || (scenario.StandbyReplaysInIdOrder && !IsPrefix(replayed, state.Committed)))
            {
                continue;
            }

            XidSet unfinished = state.Running.Or(state.Committed.Except(replayed));
            ModelStamp exact = ModelStamp.Of(unfinished, state.NextXid);
            ModelStamp stamp = scenario.StandbyListsRunning ? exact
                : rules.StandbyStampIsXminOnly ? new ModelStamp(exact.Xmin, exact.Xmin, default)
                : exact with { Running = default };
            steps.Add(new(Names[index], StandbyLoads[replayed.Count], state.With(index, reader with
            {
                Phase = ReaderPhase.Loaded,
                Stamp = stamp,
                Reflects = replayed,
                IsOnStandby = true,
            })));
        }
    }

    /// <summary>Whether no id that is missing is smaller than one that is there.</summary>
    private static bool IsPrefix(XidSet part, XidSet all)
    {
        XidSet missing = all.Except(part);
        return missing.IsEmpty || part.Bits < 1 << missing.Smallest;
    }
}
