using HybridStore.Tests.Model.Partitions;
using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

/// <param name="NextXid">PostgreSQL's next id.</param>
/// <param name="Running">The ids in progress.</param>
/// <param name="Committed">The ids committed.</param>
/// <param name="Through">How far X is, which writes one row and stores the value made of two.</param>
/// <param name="Other">How far Y is, which writes the other row.</param>
/// <param name="X">The id of X.</param>
/// <param name="Y">The id of Y.</param>
/// <param name="Seen">The writes that X has read.</param>
/// <param name="Stamp">The snapshot that X has taken in its transaction, before it had an id.</param>
/// <param name="Fences">Of the key.</param>
/// <param name="Entry">What is stored.</param>
/// <param name="HoldsLease">X's lease stands.</param>
internal readonly record struct OwnXidState(
    byte NextXid,
    XidSet Running,
    XidSet Committed,
    byte Through,
    byte Other,
    byte X,
    byte Y,
    XidSet Seen,
    ModelStamp Stamp,
    XidSet Fences,
    Entry Entry,
    bool HoldsLease);

/// <summary>Rule 14: a write-through stores under "stamp plus own xid".</summary>
internal sealed class OwnXidStampModel(ProtocolRules rules) : Hole<OwnXidState>(rules)
{
    public override OwnXidState Initial => new() { NextXid = 1 };

    public override void AddSteps(in OwnXidState s, List<Step<OwnXidState>> steps)
    {
        byte nextXid = (byte)(s.NextXid + 1);
        switch (s.Through)
        {
            case 0:
                steps.Add(To("X: lease, BEGIN, stamp S, reads the rows", s with
                {
                    Through = 1,
                    Seen = s.Committed,
                    Stamp = ModelStamp.Of(s.Running, s.NextXid),
                    HoldsLease = true,
                }));
                break;
            case 1:
                steps.Add(To($"X: first write, xid {s.NextXid}", s with
                {
                    Through = 2,
                    X = s.NextXid,
                    NextXid = nextXid,
                    Running = s.Running.With(s.NextXid),
                }));
                break;
            case 2:
                steps.Add(To("X: COMMIT", s with { Through = 3, Running = s.Running.Without(s.X), Committed = s.Committed.With(s.X) }));
                break;
        }

        switch (s.Other)
        {
            case 0:
                steps.Add(To($"Y: write, xid {s.NextXid}", s with
                {
                    Other = 1,
                    Y = s.NextXid,
                    NextXid = nextXid,
                    Running = s.Running.With(s.NextXid),
                }));
                break;
            case 1:
                steps.Add(To("Y: COMMIT", s with { Other = 2, Running = s.Running.Without(s.Y), Committed = s.Committed.With(s.Y) }));
                break;
        }

        if (s.Through == 3)
        {
            ModelStamp stamp = PlusOwnXid(s.Stamp, s.X);
            bool ok = s.HoldsLease && stamp.Sees(s.Fences);
            steps.Add(To($"X: store with S+own xid {VerdictOf(ok)}", s with
            {
                Through = 4,
                Entry = ok ? new Entry(true, s.Seen.With(s.X), true, stamp) : s.Entry,
                HoldsLease = false,
            }));
        }

        if (s.Other == 2)
        {
            bool stays = s.Entry.Exists && s.Entry.Stamp.Sees(s.Y);
            steps.Add(To(stays ? "Y: invalidate (kept)" : "Y: invalidate", s with
            {
                Other = 3,
                Fences = s.Fences.With(s.Y),
                Entry = stays ? s.Entry : default,
                HoldsLease = stays && s.HoldsLease,
            }));
        }
    }

    public override string? Violation(in OwnXidState s) =>
        s.Other == 3 && s.Entry.Exists && !s.Entry.Reflects.Contains(s.Y)
            ? "Y invalidated, the stored value does not hold Y's write"
            : null;

    private ModelStamp PlusOwnXid(ModelStamp stamp, byte own)
    {
        XidSet running = stamp.Running;
        for (byte xid = stamp.Xmax; Rules.OwnXidHidesConcurrentIds && xid < own; xid++)
        {
            running = running.With(xid);
        }

        return new ModelStamp(stamp.Xmin, Math.Max(stamp.Xmax, (byte)(own + 1)), running);
    }
}
