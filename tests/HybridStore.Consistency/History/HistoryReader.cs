using System.Globalization;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.History;

/// <summary>Reads what <see cref="HistoryWriter"/> has written. What a killed worker did not finish to write does not count.</summary>
internal static class HistoryReader
{
    public static void AddFile(SoakHistory history, string path, int process)
    {
        var text = File.ReadAllText(path);
        var end = text.LastIndexOf('\n') + 1;
        Add(history, text.AsSpan(0, end), process);
    }

    /// <exception cref="FormatException">A line is not as it should be.</exception>
    public static void Add(SoakHistory history, ReadOnlySpan<char> lines, int process)
    {
        var writes = new Dictionary<long, WriteRecord>();
        foreach (var line in lines.EnumerateLines())
        {
            if (!line.IsEmpty)
            {
                AddLine(history, writes, line.ToString().Split(' '), process);
            }
        }
    }

    private static void AddLine(SoakHistory history, Dictionary<long, WriteRecord> writes, string[] parts, int process)
    {
        switch (parts)
        {
            case ["r", var key, var began, var ended, var flags, var bound, var token, var values]:
                history.Reads.Add(new ReadRecord(SoakKey.Parse(key), process, Number(began), Number(ended), Values(values))
                {
                    Token = token == "-" ? null : token,
                    PastCache = flags.Contains('s', StringComparison.Ordinal),
                    Loaded = flags.Contains('l', StringComparison.Ordinal),
                    AtEnd = flags.Contains('e', StringComparison.Ordinal),
                    Bound = bound == "-" ? null : TimeSpan.FromMilliseconds(Number(bound)),
                });
                break;
            case ["b", var id, var kind, var demand, var time, var keys, var tags]:
                var write = new WriteRecord
                {
                    Id = Number(id),
                    Process = process,
                    Kind = Enum.Parse<OperationKind>(kind),
                    Demand = Enum.Parse<StrictDemand>(demand),
                    BeganAt = Number(time),
                    Names = Names.Parse(keys, tags),
                };
                writes.Add(write.Id, write);
                history.Writes.Add(write);
                break;
            case ["c", var id, var time, var strict, var token]:
                writes[Number(id)].CommittedAt = Number(time);
                writes[Number(id)].IsStrict = strict == "1";
                writes[Number(id)].Token = token == "-" ? null : token;
                break;
            case ["u", var id, var time]:
                writes[Number(id)].UnknownAt = Number(time);
                break;
            case ["a", var id, var time]:
                writes[Number(id)].RolledBackAt = Number(time);
                break;
            case ["i", var id, var time]:
                writes[Number(id)].InvalidatedAt = Number(time);
                break;
            case ["p", var id, var time]:
                writes[Number(id)].AppliedAt = Number(time);
                break;
            case ["x", var time, var what, var error]:
                history.Failures.Add(new FailureRecord(process, Number(time), what, error));
                break;
            default:
                throw new FormatException($"A history has the line '{string.Join(' ', parts)}', which nobody writes.");
        }
    }

    private static long Number(ReadOnlySpan<char> text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static RowVersion[] Values(string text)
    {
        if (text.Length == 0)
        {
            return [];
        }

        var rows = text.Split(',');
        var values = new RowVersion[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            var fields = rows[i].Split(':');
            values[i] = new RowVersion((int)Number(fields[0]), Number(fields[1]), Number(fields[2]));
        }

        return values;
    }
}
