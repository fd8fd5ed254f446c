using System.Globalization;
using System.Text;
using HybridStore.Consistency.Checking;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Running;

/// <summary>What a run prints when it is over.</summary>
internal static class ResultText
{
    private const string Published = "published for plain cache-aside: 0.5 to 1.3 % at 10 to 200 sessions";

    public static string Of(SoakOptions options, RunResult result)
    {
        var text = new StringBuilder();
        var (history, verdict) = (result.History, result.Verdict);
        var told = new ViolationText(history, new KeyLayout(options.Keys), result.StartedAt);
        foreach (var violation in verdict.Kept)
        {
            text.AppendLine(told.Of(violation));
        }

        AddDetails(text, history, verdict);
        var stale = 100.0 * verdict.StaleReads / Math.Max(1, history.Reads.Count);
        text.Append(CultureInfo.InvariantCulture, $"stale {stale:0.000} % of all reads");
        text.AppendLine(CultureInfo.InvariantCulture, $" ({Published}; here {options.Processes * options.Sessions} sessions)");
        switch (options.Protocol)
        {
            case Protocol.FusionCache:
                text.AppendLine("FusionCache runs without its backplane, whose package for Redis was not to be had: its first level is passed by.");
                break;
            case Protocol.HybridCache:
                text.AppendLine("HybridCache has no word from other processes: its first level is passed by.");
                break;
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"reads {history.Reads.Count}");
        text.AppendLine(CultureInfo.InvariantCulture, $"writes {history.Writes.Count(write => write.Versions.Count > 0)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"kills {result.Kills}");
        text.AppendLine(CultureInfo.InvariantCulture, $"faults {result.Faults}");
        foreach (var (kind, count) in verdict.Counts.OrderBy(one => one.Key))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{kind} {count}");
        }

        text.Append(CultureInfo.InvariantCulture, $"violations {verdict.Total}");
        return text.ToString();
    }

    private static void AddDetails(StringBuilder text, SoakHistory history, Verdict verdict)
    {
        var hits = 100.0 * history.Reads.Count(read => !read.Loaded && !read.PastCache) / Math.Max(1, history.Reads.Count);
        text.AppendLine(CultureInfo.InvariantCulture, $"without a load of their own {hits:0.0} % of all reads");
        var (bounded, last) = (history.Reads.FindAll(read => read.Bound is not null), history.Reads.FindAll(read => read.AtEnd));
        if (bounded.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"with a bound: {bounded.Count}, without a load of their own ");
            text.AppendLine(CultureInfo.InvariantCulture, $"{100.0 * bounded.Count(read => !read.Loaded) / bounded.Count:0.0} %");
        }

        if (last.Count > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"at the end: {last.Count}, cached {last.Count(read => !read.Loaded)}");
        }

        foreach (var group in history.Writes.GroupBy(write => write.Kind).OrderBy(group => group.Key))
        {
            var cutShort = group.Count(write => write is { CommittedAt: null, UnknownAt: null, RolledBackAt: null, InvalidatedAt: null });
            text.Append(CultureInfo.InvariantCulture, $"{group.Key}: {group.Count()}");
            text.Append(CultureInfo.InvariantCulture, $", strict by their receipt {group.Count(write => write.IsStrict)}");
            text.Append(CultureInfo.InvariantCulture, $", outcome unknown {group.Count(write => write.UnknownAt is not null)}");
            text.Append(CultureInfo.InvariantCulture, $", cut short {cutShort}");
            text.Append(CultureInfo.InvariantCulture, $" (of both committed {group.Count(write => write.CommittedAt is null && write.Versions.Count > 0)})");
            text.AppendLine(CultureInfo.InvariantCulture, $", applied late {group.Count(write => write.AppliedAt > write.InvalidatedAt)}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"answers to COMMIT lost, of known writes: {LostAnswers.Find(history).Count()}");
        foreach (var group in history.Failures.GroupBy(failure => (failure.What, failure.Error)).OrderByDescending(group => group.Count()))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"failed {group.Key.What}: {group.Count()} by {group.Key.Error}");
        }

        var comparisons = verdict.Checked
            .OrderBy(one => one.Key)
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value}"));
        text.AppendLine(CultureInfo.InvariantCulture, $"comparisons: {string.Join(", ", comparisons)}");
    }
}
