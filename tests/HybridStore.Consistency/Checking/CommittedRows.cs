using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Checking;

/// <summary>Which write gave a row which version, as PostgreSQL says.</summary>
internal sealed class CommittedRows
{
    private readonly List<long>[] _writers;
    private readonly Dictionary<long, WriteRecord> _writes;

    /// <exception cref="InvalidDataException">Versions of a row do not follow each other: the history is none.</exception>
    public CommittedRows(SoakHistory history, int rows)
    {
        _writes = history.Writes.ToDictionary(write => write.Id);

        // Version 0 is what the row began with.
        _writers = [.. Enumerable.Range(0, rows).Select(_ => new List<long> { 0 })];
        foreach (var value in history.Committed.OrderBy(value => value.Row).ThenBy(value => value.Version))
        {
            if (value.Version != _writers[value.Row].Count)
            {
                throw new InvalidDataException(
                    $"The database's history of row {value.Row} has version {value.Version} where {_writers[value.Row].Count} was due.");
            }

            _writers[value.Row].Add(value.Writer);
            if (_writes.TryGetValue(value.Writer, out var write))
            {
                write.Versions.Add((value.Row, value.Version));
            }
        }
    }

    public int Rows => _writers.Length;

    /// <summary>The newest version of a row.</summary>
    public int Newest(int row) => _writers[row].Count - 1;

    public bool Has(RowVersion value) =>
        value.Version >= 0 && value.Version < _writers[value.Row].Count && _writers[value.Row][(int)value.Version] == value.Writer;

    /// <summary>Null for the version that the row began with.</summary>
    public WriteRecord? WriterOf(int row, long version) => _writes.GetValueOrDefault(_writers[row][(int)version]);
}
