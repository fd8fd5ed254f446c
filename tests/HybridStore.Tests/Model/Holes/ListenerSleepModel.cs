using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

/// <param name="IsAwake">It has published that it is awake.</param>
/// <param name="Write">0 not yet, 1 its trigger has run, 2 committed.</param>
/// <param name="Notifies">The trigger found it asleep and notifies at COMMIT.</param>
/// <param name="Sleeps">It has made its last poll.</param>
/// <param name="HasSeen">It knows of x.</param>
internal readonly record struct ListenerSleepState(bool IsAwake, byte Write, bool Notifies, bool Sleeps, bool HasSeen);

/// <summary>The journal's listener goes to sleep while a writer that saw it awake has not committed yet.</summary>
internal sealed class ListenerSleepModel(ProtocolRules rules) : Hole<ListenerSleepState>(rules)
{
    public override ListenerSleepState Initial => new() { IsAwake = true };

    public override void AddSteps(in ListenerSleepState s, List<Step<ListenerSleepState>> steps)
    {
        bool wakes = s.Notifies && s.Sleeps;
        if (s.Write == 0)
        {
            steps.Add(To(
                $"trigger of x runs: {(s.IsAwake ? "awake, no notify" : "asleep, notify")}",
                s with { Write = 1, Notifies = !s.IsAwake }));
        }

        if (s.Write == 1)
        {
            steps.Add(To(
                wakes ? "x commits and wakes the listener" : "x commits", s with { Write = 2, HasSeen = wakes || s.HasSeen }));
        }

        if (s.IsAwake)
        {
            steps.Add(To("awake_until passes", s with { IsAwake = false }));
        }

        if (!s.IsAwake && !s.Sleeps && (!Rules.SleepsAfterWritersEnded || s.Write != 1 || s.Notifies))
        {
            bool finds = s.Write == 2;
            steps.Add(To(
                $"last poll {(finds ? "finds x" : "finds nothing")}, listener sleeps",
                s with { Sleeps = true, HasSeen = finds || s.HasSeen }));
        }
    }

    public override string? Violation(in ListenerSleepState s) =>
        s.Write == 2 && s.Sleeps && !s.HasSeen ? "x committed, listener asleep, no notification sent" : null;
}
