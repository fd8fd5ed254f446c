using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Checking;

/// <summary>
/// By when a version was visible for sure: its writer knew it to be committed, somebody had read it, or had seen it in the database. What
/// one snapshot sees all later ones do; and a version is visible before the next one of its row can be written.
/// </summary>
internal sealed class Visibility
{
    private const long Never = long.MaxValue;

    private readonly long[][] _visibleBy;

    public Visibility(SoakHistory history, CommittedRows committed)
    {
        _visibleBy = new long[committed.Rows][];
        for (var row = 0; row < _visibleBy.Length; row++)
        {
            _visibleBy[row] = new long[committed.Newest(row) + 1];
            Array.Fill(_visibleBy[row], Never);
            _visibleBy[row][0] = long.MinValue;
        }

        foreach (var read in history.Reads)
        {
            foreach (var value in read.Values)
            {
                if (committed.Has(value))
                {
                    Note(value.Row, value.Version, read.EndedAt);
                }
            }
        }

        foreach (var write in history.Writes)
        {
            Note(write, write.CommittedAt ?? Never);
            Note(write, history.SeenAt.GetValueOrDefault(write.Id, Never));
        }

        // All rows of a write become visible together, and none later than its successor: twice, for what the one learns from the other.
        for (var round = 0; round < 2; round++)
        {
            foreach (var write in history.Writes)
            {
                Note(write, Of(write));
            }

            foreach (var times in _visibleBy)
            {
                for (var version = times.Length - 2; version >= 0; version--)
                {
                    times[version] = Math.Min(times[version], times[version + 1]);
                }
            }
        }
    }

    /// <summary>By when a committed write was visible; the end of time if nobody can tell.</summary>
    public long Of(WriteRecord write)
    {
        var earliest = Never;
        foreach (var (row, version) in write.Versions)
        {
            earliest = Math.Min(earliest, _visibleBy[row][version]);
        }

        return earliest;
    }

    /// <summary>The newest version of a row that was visible before a time.</summary>
    public long NewestBefore(int row, long time)
    {
        var times = _visibleBy[row];
        int low = 0, high = times.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (times[middle] < time)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private void Note(WriteRecord write, long time)
    {
        foreach (var (row, version) in write.Versions)
        {
            Note(row, version, time);
        }
    }

    private void Note(int row, long version, long time) => _visibleBy[row][version] = Math.Min(_visibleBy[row][version], time);
}
