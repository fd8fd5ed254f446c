using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Checking;

/// <summary>Holds reads against what they had to see.</summary>
internal sealed class ReadChecker(
    SoakHistory history, KeyLayout layout, CommittedRows committed, Visibility visibility, Obligations obligations, Verdict verdict)
{
    private static readonly ViolationKind[] ForEverybody =
    [
        ViolationKind.StaleAfterKeyInvalidation,
        ViolationKind.StaleAfterTagInvalidation,
        ViolationKind.StaleAfterFlush,
        ViolationKind.StaleAfterStrictCommit,
    ];

    // Redis that has gone back in time has lost invalidations that it had taken, for good where the journal does not know of them.
    private readonly long _setBackAt = history.Disturbances
        .Where(disturbance => disturbance.SetsBack)
        .Select(disturbance => disturbance.StartedAt)
        .DefaultIfEmpty(long.MaxValue)
        .Min();

    // What a killed worker did not write down any more may have been handed on all the same.
    private readonly Dictionary<string, WriteRecord> _tokens = history.Writes
        .Where(write => write.Token is not null)
        .ToDictionary(write => write.Token!, StringComparer.Ordinal);

    public void CheckAll()
    {
        foreach (var read in history.Reads)
        {
            var before = verdict.Total;
            if (IsWhole(read))
            {
                foreach (var value in read.Values)
                {
                    Check(read, value);
                }

                CheckMoment(read);
            }

            verdict.StaleReads += verdict.Total > before ? 1 : 0;
        }
    }

    private bool IsWhole(ReadRecord read)
    {
        if (!read.Values.Select(value => value.Row).SequenceEqual(layout.RowsOf(read.Key)))
        {
            verdict.Add(new Violation(ViolationKind.TornValue) { Read = read });
            return false;
        }

        foreach (var value in read.Values)
        {
            if (!committed.Has(value))
            {
                verdict.Add(new Violation(ViolationKind.NeverCommitted) { Read = read, Row = value.Row, Version = value.Version });
                return false;
            }
        }

        return true;
    }

    private void Check(ReadRecord read, RowVersion value)
    {
        if (read.EndedAt < _setBackAt)
        {
            CheckInvalidated(read, value);
        }

        if (read.Bound is { } bound)
        {
            RequireJournaled(read, value, ViolationKind.OlderThanBound, read.BeganAt - Clock.Ticks(bound));
        }

        if (read.AtEnd)
        {
            RequireJournaled(read, value, ViolationKind.UnequalAtEnd, read.BeganAt);
        }

        if (read.Token is { } token && _tokens.TryGetValue(token, out var write))
        {
            foreach (var (row, version) in write.Versions)
            {
                // An entry that a durable write does not name is as good as before when the write is applied.
                if (row == value.Row && (write.Kind != OperationKind.Durable || obligations.IsNamed(write, read.Key, row)))
                {
                    Require(read, value, ViolationKind.OlderThanToken, new Step(read.BeganAt, version, write, ViolationKind.OlderThanToken));
                }
            }
        }

        if (read.PastCache)
        {
            RequireVisible(read, value, ViolationKind.StalePastCache, read.BeganAt);
        }

        RequireVisible(read, value, ViolationKind.ServedTooLong, read.BeganAt - Clock.Ticks(Lifetimes.OldestOf(read.Key)));
    }

    private void CheckInvalidated(ReadRecord read, RowVersion value)
    {
        foreach (var kind in ForEverybody)
        {
            Require(read, value, kind, obligations.Of(kind, read.Key, value.Row, 0, read.BeganAt));
        }

        Require(
            read,
            value,
            ViolationKind.StaleInOwnProcess,
            obligations.Of(ViolationKind.StaleInOwnProcess, read.Key, value.Row, read.Process, read.BeganAt));
    }

    private void RequireJournaled(ReadRecord read, RowVersion value, ViolationKind kind, long before) =>
        Require(read, value, kind, obligations.Journaled(read.Key, value.Row, before));

    private void RequireVisible(ReadRecord read, RowVersion value, ViolationKind kind, long before)
    {
        if (visibility.NewestBefore(value.Row, before) is > 0 and var version)
        {
            Require(read, value, kind, new Step(before, version, committed.WriterOf(value.Row, version)!, kind));
        }
    }

    private void Require(ReadRecord read, RowVersion value, ViolationKind kind, Step? step)
    {
        if (step is not { } required)
        {
            return;
        }

        verdict.Note(kind);
        if (value.Version < required.Version)
        {
            verdict.Add(new Violation(kind)
            {
                Read = read,
                Row = value.Row,
                Version = value.Version,
                Required = required.Version,
                Since = required.Since,
                Because = required.Because,
            });
        }
    }

    /// <summary>One statement has read all rows of a list: of a write it shows every row that it has, or none.</summary>
    private void CheckMoment(ReadRecord read)
    {
        if (read.Values.Length < 2)
        {
            return;
        }

        foreach (var value in read.Values)
        {
            foreach (var (row, version) in committed.WriterOf(value.Row, value.Version)?.Versions ?? [])
            {
                var other = Array.FindIndex(read.Values, one => one.Row == row);
                if (other >= 0 && read.Values[other].Version < version)
                {
                    verdict.Add(new Violation(ViolationKind.TornValue)
                    {
                        Read = read,
                        Row = row,
                        Version = read.Values[other].Version,
                        Required = version,
                        Since = read.BeganAt,
                        Because = committed.WriterOf(value.Row, value.Version),
                    });
                    return;
                }
            }
        }
    }
}
