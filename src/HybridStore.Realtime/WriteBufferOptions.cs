using HybridStore.Realtime.Buffering;

namespace HybridStore.Realtime;

/// <summary>The settings of a write buffer: where its rows go, how many may wait, and what is done with those that it cannot take. Not
/// thread-safe; read once, when the buffer is made.</summary>
/// <typeparam name="T">A row as the application has it.</typeparam>
public sealed class WriteBufferOptions<T> : RealtimeServiceOptions
    where T : notnull
{
    private readonly List<BufferColumn<T>> _columns = [];
    private readonly List<BufferHook<T>> _hooks = [];
    private readonly List<string> _errors = [];

    /// <summary>The table that the rows go into, written as in SQL, with or without its schema: <c>click_event</c>, <c>shop."Order"</c>. It must
    /// be set.</summary>
    public string Table { get; set; } = "";

    /// <summary>Over how many streams the rows are spread, each written by one worker at a time: 1 to 64, default 4. All processes must have the
    /// same. It may be raised at any time, and lowered only when the buffer is empty.</summary>
    public int Partitions { get; set; } = 4;

    /// <summary>How many rows are written in one transaction, about: 1 to 100,000, default 5,000. As soon as so many wait in a partition they are
    /// written.</summary>
    public int MaximumBatchRows { get; set; } = 5_000;

    /// <summary>For how long rows wait for others to be written with: 50 milliseconds to 1 hour, default 2 seconds.</summary>
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How many rows may wait in Redis, each partition its share: from the number of partitions to 1,000,000,000, default
    /// 1,000,000.</summary>
    public long MaximumLength { get; set; } = 1_000_000;

    /// <summary>How large their payloads may be in all, in bytes, each partition its share: up to 1 TiB, and at least <see cref="Partitions"/>
    /// times (<see cref="MaximumRowBytes"/> + 4): each row counts 4 bytes more than its payload. Default: 256 MiB.</summary>
    public long MaximumBytes { get; set; } = 256L << 20;

    /// <summary>The largest row, serialized, in bytes: 64 to 16 MiB, default 256 KiB. A larger one is refused with an
    /// <see cref="ArgumentException"/>.</summary>
    public int MaximumRowBytes { get; set; } = 256 << 10;

    /// <summary>What becomes of rows that come while the buffer is full. Default: <see cref="BufferOverflow.Block"/>.</summary>
    public BufferOverflow WhenFull { get; set; } = BufferOverflow.Block;

    /// <summary>What becomes of rows that come while Redis is down. Default: <see cref="BufferOverflow.Block"/>.</summary>
    public BufferOverflow WhenRedisIsDown { get; set; } = BufferOverflow.Block;

    /// <summary>The longest wait of <see cref="BufferOverflow.Block"/>: 10 milliseconds to 10 minutes, default 10 seconds.</summary>
    public TimeSpan BlockTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How rows are written in Redis. Default: <see cref="JsonHybridStoreSerializer"/>.</summary>
    public IHybridStoreSerializer Serializer { get; set; } = new JsonHybridStoreSerializer();

    /// <summary>Whether this process writes rows into PostgreSQL; at least one must. Default: <see langword="true"/>.</summary>
    public bool RunWorkers { get; set; } = true;

    /// <summary>A direct connection to PostgreSQL for the locks by which the workers share the partitions, where the store's goes through a
    /// pooler that gives sessions away between transactions. Default: <see langword="null"/>, the store's connection.</summary>
    public string? WorkerConnectionString { get; set; }

    /// <summary>What the buffer is called.</summary>
    internal string Name { get; set; } = "";

    internal IReadOnlyList<BufferColumn<T>> Columns => _columns;

    internal IReadOnlyList<BufferHook<T>> Hooks => _hooks;

    internal IReadOnlyList<string> UniqueColumns { get; private set; } = [];

    /// <summary>For tests only, which hold the workers between their steps.</summary>
    internal IBufferGate? Gate { get; set; }

    internal override string ServiceName => "write buffers";

    /// <summary>Fills a column. All others of the table get their defaults.</summary>
    /// <typeparam name="TValue">A type that Npgsql writes into the column's type, which is asked of PostgreSQL.</typeparam>
    /// <param name="column">Its name, exactly: upper case counts.</param>
    /// <param name="value">Its value in a row; null is NULL. A row for which it throws becomes a dead letter.</param>
    public WriteBufferOptions<T> Map<TValue>(string column, Func<T, TValue?> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Add(column, new PlainColumn<T, TValue>(column, value));
    }

    /// <summary>Fills a column with values that may be missing.</summary>
    /// <typeparam name="TValue">A type that Npgsql writes into the column's type, which is asked of PostgreSQL.</typeparam>
    /// <param name="column">Its name, exactly: upper case counts.</param>
    /// <param name="value">Its value in a row; null is NULL. A row for which it throws becomes a dead letter.</param>
    public WriteBufferOptions<T> Map<TValue>(string column, Func<T, TValue?> value)
        where TValue : struct
    {
        ArgumentNullException.ThrowIfNull(value);
        return Add(column, new NullableColumn<T, TValue>(column, value));
    }

    /// <summary>Keeps only some of the rows. Filters and transformations run in the order in which they are given, in the worker that writes
    /// the row: possibly again where a batch is repeated, and possibly side by side.</summary>
    /// <param name="keeps">Whether a row is written. A row for which it throws becomes a dead letter.</param>
    public WriteBufferOptions<T> Filter(Func<T, bool> keeps)
    {
        ArgumentNullException.ThrowIfNull(keeps);
        _hooks.Add((T row, out T result) =>
        {
            result = row;
            return keeps(row);
        });
        return this;
    }

    /// <summary>Writes another row instead, as <see cref="Filter"/> does.</summary>
    /// <param name="change">Makes it; null drops the row. A row for which it throws becomes a dead letter.</param>
    public WriteBufferOptions<T> Transform(Func<T, T?> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        _hooks.Add((T row, out T result) =>
        {
            var changed = change(row);
            result = changed ?? row;
            return changed is not null;
        });
        return this;
    }

    /// <summary>Drops rows whose values in these columns are in the table already, or in the same batch. Each batch then goes through a temporary
    /// table, which the worker's role must be allowed to create.</summary>
    /// <param name="columns">The columns of a unique index or constraint of the table: all of them, and all mapped.</param>
    public WriteBufferOptions<T> DeduplicateOn(params string[] columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        UniqueColumns = [.. columns];
        return this;
    }

    internal override IEnumerable<string> Errors() =>
        [.. BufferRules.OfName(Name), .. TableErrors(), .. _errors, .. BufferRules.OfLimits(this)];

    private WriteBufferOptions<T> Add(string column, BufferColumn<T> added)
    {
        if (string.IsNullOrEmpty(column) || column.Contains('\0', StringComparison.Ordinal))
        {
            _errors.Add("Map needs the name of a column, as it is in the table.");
        }
        else if (_columns.Exists(other => other.Name == column))
        {
            _errors.Add($"Map names the column {column} twice; each can have one value.");
        }

        _columns.Add(added);
        return this;
    }

    private IEnumerable<string> TableErrors()
    {
        if (!BufferRules.IsTable(Table))
        {
            yield return "Table must be the table's name, written as in SQL, with or without its schema: click_event, shop.\"Order\".";
        }

        if (_columns.Count == 0)
        {
            yield return "No column is mapped: call Map for each column that the rows fill.";
        }

        foreach (var column in UniqueColumns.Where(column => !_columns.Exists(mapped => mapped.Name == column)))
        {
            yield return $"DeduplicateOn names the column {column}, which is not mapped: map it, or leave it out.";
        }
    }
}
