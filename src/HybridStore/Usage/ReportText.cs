using System.Globalization;
using System.Text;

namespace HybridStore.Usage;

/// <summary>The report as a table: one line for each policy, numbers to the right.</summary>
internal static class ReportText
{
    private static readonly string[] Titles =
        ["policy", "hits", "misses", "hit ratio", "loads", "load time saved", "entries stored", "bytes stored", "never read"];

    public static string Of(IReadOnlyList<PolicyUsage> policies)
    {
        string[][] lines = [Titles, .. policies.Select(Cells)];
        var widths = Titles.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.Append(line[0].PadRight(widths[0]));
            for (var column = 1; column < line.Length; column++)
            {
                text.Append("  ").Append(line[column].PadLeft(widths[column]));
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string[] Cells(PolicyUsage usage) =>
    [
        usage.Policy,
        Number(usage.Hits),
        Number(usage.Misses),
        Share(usage.HitRatio),
        Number(usage.Loads),
        Duration(usage.LoadTimeSaved),
        Number(usage.EntriesStored),
        Number(usage.BytesStored),
        Share(usage.ShareNeverRead),
    ];

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Share(double? share) => share is { } known ? known.ToString("P1", CultureInfo.InvariantCulture) : "-";

    private static string Duration(TimeSpan duration) => duration.TotalSeconds.ToString("N3", CultureInfo.InvariantCulture) + " s";
}
