using System.Globalization;
using System.Text;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Checking;

/// <summary>Tells of a violation what happened around it, in the order in which it happened.</summary>
internal sealed class ViolationText(SoakHistory history, KeyLayout layout, long startedAt)
{
    private const int MostEvents = 40;

    private static readonly TimeSpan Around = TimeSpan.FromMilliseconds(20);

    public string Of(Violation violation)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"violation {violation.Kind}: ");
        if (violation.Failure is { } failure)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{Who(failure.Process)} {failure.What} failed at {At(failure.At)} with {failure.Error}");
            return text.ToString();
        }

        if (violation.Read is not { } read)
        {
            text.AppendLine(Told(violation.Because!));
            return text.ToString();
        }

        text.Append(CultureInfo.InvariantCulture, $"{Who(read.Process)} read {read.Key} from {At(read.BeganAt)} to {At(read.EndedAt)}");
        text.Append(read.Loaded ? " (its load ran)" : "");
        text.Append(CultureInfo.InvariantCulture, $" and got version {violation.Version} of row {violation.Row};");
        text.AppendLine(CultureInfo.InvariantCulture, $" {violation.Required} was due since {At(violation.Since)}");
        var events = Events(violation, read).OrderBy(one => one.At).ToList();
        foreach (var (at, what) in events.Count <= MostEvents ? events : events[..(MostEvents / 2)].Concat(events[^(MostEvents / 2)..]))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    {At(at),12}  {what}");
        }

        return text.ToString();
    }

    private IEnumerable<(long At, string What)> Events(Violation violation, ReadRecord read)
    {
        var from = Math.Min(violation.Because?.BeganAt ?? read.BeganAt, read.BeganAt) - Clock.Ticks(Around);
        var until = read.EndedAt + Clock.Ticks(Around);
        foreach (var write in history.Writes)
        {
            if (write == violation.Because
                || (write.BeganAt <= until && LastOf(write) >= from && write.Versions.Exists(one => one.Row == violation.Row)))
            {
                foreach (var told in Events(write))
                {
                    yield return told;
                }
            }
        }

        foreach (var disturbance in history.Disturbances.Where(one => one.StartedAt <= until && one.EndedAt >= from))
        {
            yield return (disturbance.StartedAt, $"{disturbance.Name} (until {At(disturbance.EndedAt)})");
        }

        var others = history.Reads
            .Where(other => other.EndedAt >= from && other.BeganAt <= until && layout.RowsOf(other.Key).Contains(violation.Row))
            .ToList();
        foreach (var other in others.Where(other => other.Key == read.Key))
        {
            var version = Array.Find(other.Values, value => value.Row == violation.Row).Version;
            yield return (other.BeganAt, $"{Told(other, version)}{(other == read ? "   <== this one" : "")}");
        }
    }

    private IEnumerable<(long At, string What)> Events(WriteRecord write)
    {
        yield return (write.BeganAt, $"{Who(write.Process)} begins {Told(write)}");
        foreach (var (at, what) in new[]
        {
            (write.CommittedAt, write.IsStrict ? "knows it to be committed, strict" : "knows it to be committed"),
            (write.UnknownAt, "is told that its outcome is unknown"),
            (write.RolledBackAt, "is told that it is rolled back"),
            (write.InvalidatedAt, "has returned from its invalidation"),
            (write.AppliedAt, "knows its invalidation to be applied"),
            (history.SeenAt.TryGetValue(write.Id, out var seen) ? seen : null, "(it was seen in the database)"),
        })
        {
            if (at is { } time)
            {
                yield return (time, $"{Who(write.Process)} {what}: {write.Id:x}");
            }
        }
    }

    private static long LastOf(WriteRecord write) => Math.Max(
        write.BeganAt, Math.Max(write.AppliedAt ?? 0, Math.Max(write.InvalidatedAt ?? 0, write.UnknownAt ?? write.CommittedAt ?? 0)));

    private static string Told(WriteRecord write)
    {
        var versions = string.Join(
            ", ", write.Versions.Select(one => string.Create(CultureInfo.InvariantCulture, $"row {one.Row} = {one.Version}")));
        var demand = write.Demand == StrictDemand.None ? "" : $" (strict, {write.Demand})";
        return $"{write.Kind}{demand} {write.Id:x} of {(versions.Length == 0 ? "nothing" : versions)}, names {write.Names}";
    }

    private string Told(ReadRecord read, long version)
    {
        var how = $"{(read.Loaded ? ", loaded" : "")}{(read.PastCache ? ", past the cache" : "")}{(read.Token is null ? "" : ", with a token")}"
            + (read.Bound is { } bound ? string.Create(CultureInfo.InvariantCulture, $", bound {bound.TotalSeconds} s") : "")
            + (read.AtEnd ? ", at the end" : "");
        return string.Create(
            CultureInfo.InvariantCulture, $"{Who(read.Process)} reads {read.Key}: version {version} at {At(read.EndedAt)}{how}");
    }

    /// <summary>Worker 2 in its fourth life is w2.4.</summary>
    private static string Who(int process) => string.Create(CultureInfo.InvariantCulture, $"w{Disturbance.SlotOf(process)}.{process - Disturbance.ProcessOf(Disturbance.SlotOf(process), 0)}");

    private string At(long time) => string.Create(CultureInfo.InvariantCulture, $"{Clock.Time(time - startedAt).TotalSeconds:0.000000}");
}
