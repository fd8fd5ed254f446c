using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

internal enum NearLoad : byte
{
    Idle,
    Leased,
    Loaded,
}

/// <param name="Write">0 not yet, 1 fenced before COMMIT, 2 committed, its writer dead.</param>
/// <param name="Entry">In Redis.</param>
/// <param name="HoldsLease">The load's lease stands.</param>
/// <param name="Near">In the near cache.</param>
/// <param name="Stripe">The version of the key's stripe.</param>
/// <param name="Load">How far the load is.</param>
/// <param name="Reflects">What it has loaded.</param>
/// <param name="NotedStripe">The version that it has noted.</param>
internal readonly record struct NearCacheState(
    byte Write, Content Entry, bool HoldsLease, Content Near, byte Stripe, NearLoad Load, bool Reflects, byte NotedStripe);

/// <summary>Rule 15: the near cache is filled from a load that began behind a strict fence.</summary>
internal sealed class NearCacheModel(ProtocolRules rules) : Hole<NearCacheState>(rules)
{
    public override NearCacheState Initial => new() { Entry = Content.Old };

    public override void AddSteps(in NearCacheState s, List<Step<NearCacheState>> steps)
    {
        if (s.Write == 0)
        {
            steps.Add(To("strict: fence x, entry deleted, message pushed", s with
            {
                Write = 1,
                Entry = Content.Nothing,
                HoldsLease = false,
                Near = Content.Nothing,
                Stripe = (byte)(s.Stripe + 1),
            }));
        }

        if (s.Write == 1)
        {
            steps.Add(To("COMMIT, writer dies", s with { Write = 2 }));
        }

        switch (s.Load)
        {
            case NearLoad.Idle when s.Entry == Content.Nothing && s.Near == Content.Nothing:
                steps.Add(To("stripe noted, GET miss, lease", s with
                {
                    Load = NearLoad.Leased,
                    HoldsLease = true,
                    NotedStripe = s.Stripe,
                }));
                break;
            case NearLoad.Leased:
                steps.Add(To($"load {AgeOf(s.Write == 2)}", s with { Load = NearLoad.Loaded, Reflects = s.Write == 2 }));
                break;
            case NearLoad.Loaded:
                // The fence is there since the first step of the write.
                bool ok = s.HoldsLease && (s.Write == 0 || s.Reflects);
                bool fills = s.NotedStripe == s.Stripe && (ok || !Rules.NearCacheTakesAcceptedOnly);
                Content near = fills ? ContentOf(s.Reflects) : s.Near;
                steps.Add(To($"store {VerdictOf(ok)}, near cache {(near != Content.Nothing ? "filled" : "left")}", s with
                {
                    Load = NearLoad.Idle,
                    Entry = ok ? ContentOf(s.Reflects) : s.Entry,
                    HoldsLease = false,
                    Near = near,
                }));
                break;
        }
    }

    public override string? Violation(in NearCacheState s) =>
        s.Write == 2 && s.Near == Content.Old && s.Load == NearLoad.Idle
            ? "near cache serves old after COMMIT, nothing will drop it"
            : null;
}
