namespace HybridStore.Testing.Recording;

/// <summary>What was done with a store, in order. Thread-safe.</summary>
internal sealed class StoreRecords
{
    // The read that this code runs in: the store says in its flow what came of it, of a batch key by key, in their order.
    private readonly AsyncLocal<(Queue<string> Keys, Type ValueType)?> _reading = new();
    private readonly Lock _lock = new();
    private readonly List<RecordedRead> _reads = [];
    private readonly List<RecordedInvalidation> _invalidations = [];
    private readonly List<RecordedStatement> _statements = [];

    public IReadOnlyList<RecordedRead> Reads => Copy(_reads);

    public IReadOnlyList<RecordedInvalidation> Invalidations => Copy(_invalidations);

    public IReadOnlyList<RecordedStatement> Statements => Copy(_statements);

    /// <summary>Runs a read, which is recorded once its outcome is known.</summary>
    /// <param name="keys">What is read, each key once.</param>
    /// <param name="valueType">The type of the values.</param>
    /// <param name="call">Handed on.</param>
    /// <param name="read">Reads.</param>
    public ValueTask<T> Reading<TCall, T>(IEnumerable<string> keys, Type valueType, TCall call, Func<TCall, ValueTask<T>> read)
    {
        var around = _reading.Value;
        _reading.Value = (new Queue<string>(keys), valueType);
        try
        {
            return read(call);
        }
        finally
        {
            _reading.Value = around;
        }
    }

    /// <summary>What the store says of the read in whose flow it runs.</summary>
    public void Observe(string outcome)
    {
        if (_reading.Value is { } read && read.Keys.TryDequeue(out var key))
        {
            Add(_reads, new RecordedRead(key, read.ValueType, outcome switch
            {
                "hit" => ReadOutcome.Hit,
                "miss" => ReadOutcome.Miss,
                "redis_unavailable" => ReadOutcome.RedisDown,
                "invalidation_pending" => ReadOutcome.InvalidationPending,
                _ => ReadOutcome.PastCache,
            }));
        }
    }

    public void Add(RecordedInvalidation invalidation) => Add(_invalidations, invalidation);

    public void Add(RecordedStatement statement) => Add(_statements, statement);

    public void Clear()
    {
        lock (_lock)
        {
            _reads.Clear();
            _invalidations.Clear();
            _statements.Clear();
        }
    }

    private void Add<T>(List<T> records, T record)
    {
        lock (_lock)
        {
            records.Add(record);
        }
    }

    private List<T> Copy<T>(List<T> records)
    {
        lock (_lock)
        {
            return [.. records];
        }
    }
}
