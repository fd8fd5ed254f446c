namespace HybridStore.Realtime.Buffering;

/// <summary>The rows of one transaction: decoded, through the hooks, and with their values taken. Rows that do not get that far are refused.
/// Not thread-safe.</summary>
internal sealed class RowBatch<T>(BufferRows<T> options, UnwritableRows unwritable)
    where T : notnull
{
    private readonly List<(string Entry, int Number, ReadOnlyMemory<byte> Payload)> _rows = [];
    private readonly ColumnValues<T>[] _values = Array.ConvertAll(options.Columns, column => column.NewValues());

    /// <summary>How many rows are to be written.</summary>
    public int Count => _rows.Count;

    public ColumnValues<T>[] Values => _values;

    public List<RefusedRow> Refused { get; } = [];

    /// <summary>How many the hooks have dropped.</summary>
    public int Dropped { get; private set; }

    public void Add(BufferEntry entry)
    {
        for (var number = 0; number < entry.Rows.Length; number++)
        {
            Add(entry.Name, number, entry.Rows[number]);
        }
    }

    /// <summary>Whatever a hook or a value throws is its row's fault.</summary>
    public void Add(string entry, int number, ReadOnlyMemory<byte> payload)
    {
        if (unwritable.Find(entry, number) is { } cause)
        {
            Refused.Add(RefusedRow.Of(entry, number, payload, cause));
            return;
        }

        try
        {
            var row = options.Decode(payload);
            foreach (var hook in options.Hooks)
            {
                if (!hook(row, out row))
                {
                    Dropped++;
                    return;
                }
            }

            foreach (var column in _values)
            {
                column.Take(row);
            }

            _rows.Add((entry, number, payload));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            foreach (var column in _values)
            {
                column.Keep(_rows.Count);
            }

            Refused.Add(RefusedRow.Of(entry, number, payload, error));
        }
    }

    public void Refuse(int index, Exception error)
    {
        var (entry, number, payload) = _rows[index];
        Refused.Add(RefusedRow.Of(entry, number, payload, error));
    }

    /// <summary>Says of a row that it cannot be written, to begin anew without it.</summary>
    public UnwritableRowException Unwritable(int index, Exception cause) => new(_rows[index].Entry, _rows[index].Number, cause);
}
