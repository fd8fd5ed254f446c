namespace HybridStore.Realtime.Buffering;

/// <summary>A row whose value Npgsql could not write: half of it had gone out by then, and the connection is of no use any more.</summary>
internal sealed class UnwritableRowException(string entry, int number, Exception cause) : Exception(cause.Message, cause)
{
    public string Entry { get; } = entry;

    public int Number { get; } = number;
}

/// <summary>Rows that were found unwritable in earlier attempts at the same transaction. Not thread-safe.</summary>
internal sealed class UnwritableRows
{
    private readonly Dictionary<(string Entry, int Number), Exception> _causes = [];

    public void Add(UnwritableRowException error) => _causes.Add((error.Entry, error.Number), error.InnerException!);

    public Exception? Find(string entry, int number) => _causes.Count == 0 ? null : _causes.GetValueOrDefault((entry, number));
}
