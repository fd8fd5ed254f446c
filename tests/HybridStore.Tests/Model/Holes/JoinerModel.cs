using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

internal enum Answer : byte
{
    None,
    Old,
    New,
    Reload,
}

/// <param name="HasCommitted">x.</param>
/// <param name="IsInvalidated">By another process.</param>
/// <param name="Flight">0 none, 1 leased, 2 loaded, 3 landed.</param>
/// <param name="Reflects">What the flight has loaded.</param>
/// <param name="HoldsLease">Whether its lease stands.</param>
/// <param name="HasJoiner">A second reader waits for the flight.</param>
/// <param name="JoinerCameAfter">That reader came after the invalidation.</param>
/// <param name="Got">What it was given.</param>
internal readonly record struct JoinerState(
    bool HasCommitted, bool IsInvalidated, byte Flight, bool Reflects, bool HoldsLease, bool HasJoiner, bool JoinerCameAfter, Answer Got);

/// <summary>Rule 8: a reader joins a flight that began before it came.</summary>
internal sealed class JoinerModel(ProtocolRules rules) : Hole<JoinerState>(rules)
{
    public override JoinerState Initial => default;

    public override void AddSteps(in JoinerState s, List<Step<JoinerState>> steps)
    {
        if (!s.HasCommitted)
        {
            steps.Add(To("P1: commit x", s with { HasCommitted = true }));
        }

        if (s.HasCommitted && !s.IsInvalidated)
        {
            steps.Add(To("P1: InvalidateAsync returned", s with { IsInvalidated = true, HoldsLease = false }));
        }

        if (s.Flight == 0)
        {
            steps.Add(To("P2: flight starts, lease", s with { Flight = 1, HoldsLease = true }));
        }

        if (s.Flight == 1)
        {
            steps.Add(To($"P2: load {AgeOf(s.HasCommitted)}", s with { Flight = 2, Reflects = s.HasCommitted }));
        }

        if (s.Flight is 1 or 2 && !s.HasJoiner)
        {
            steps.Add(To(
                $"P2: a second reader arrives{(s.IsInvalidated ? " (after the invalidation)" : string.Empty)} and joins",
                s with { HasJoiner = true, JoinerCameAfter = s.IsInvalidated }));
        }

        if (s.Flight == 2)
        {
            Answer got = !s.HasJoiner ? s.Got
                : Rules.JoinersAwaitVerdict && !s.HoldsLease ? Answer.Reload
                : s.Reflects ? Answer.New : Answer.Old;
            steps.Add(To($"P2: store {VerdictOf(s.HoldsLease)}", s with { Flight = 3, Got = got }));
        }
    }

    public override string? Violation(in JoinerState s) =>
        s.JoinerCameAfter && s.Got == Answer.Old ? "reader that began after InvalidateAsync returned got the old value" : null;
}
