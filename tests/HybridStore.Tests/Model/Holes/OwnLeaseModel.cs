using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

/// <param name="Write">0 not yet, 1 leased, 2 fenced before COMMIT, 3 committed.</param>
/// <param name="HoldsLease">Its lease stands.</param>
/// <param name="Store">0 not yet, 1 accepted, 2 refused.</param>
internal readonly record struct OwnLeaseState(byte Write, bool HoldsLease, byte Store);

/// <summary>A strict write-through revokes its own lease when it sets its fences: nothing stale, but it would never
/// store.</summary>
internal sealed class OwnLeaseModel(ProtocolRules rules) : Hole<OwnLeaseState>(rules)
{
    public override OwnLeaseState Initial => default;

    public override void AddSteps(in OwnLeaseState s, List<Step<OwnLeaseState>> steps)
    {
        switch (s.Write)
        {
            case 0:
                steps.Add(To("write-through: lease", s with { Write = 1, HoldsLease = true }));
                break;
            case 1:
                steps.Add(To("own strict fence x before COMMIT", s with { Write = 2, HoldsLease = Rules.OwnLeaseSpared }));
                break;
            case 2:
                steps.Add(To("COMMIT x", s with { Write = 3 }));
                break;
            case 3 when s.Store == 0:
                steps.Add(To(
                    $"store \"stamp plus own xid\" {VerdictOf(s.HoldsLease)}",
                    s with { Store = s.HoldsLease ? (byte)1 : (byte)2, HoldsLease = false }));
                break;
        }
    }

    public override string? Violation(in OwnLeaseState s) => s.Store == 2 ? "REFUSED although nobody else touched the key" : null;
}
