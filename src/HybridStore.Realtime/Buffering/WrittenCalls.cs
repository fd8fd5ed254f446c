namespace HybridStore.Realtime.Buffering;

/// <summary>Which calls of some processes to one partition are written, and with the batch that is being written. Not thread-safe.</summary>
internal sealed class WrittenCalls
{
    private readonly Dictionary<Guid, long> _last = [];
    private readonly HashSet<(Guid Producer, long Call)> _direct = [];

    /// <summary>Whether calls were written past the stream, of which nothing needs to be known once the stream is past them.</summary>
    public bool HasDirectCalls => _direct.Count > 0;

    public void Add(Guid producer, long call, bool isDirect)
    {
        if (isDirect)
        {
            _direct.Add((producer, call));
        }
        else
        {
            _last[producer] = call;
        }
    }

    /// <summary>Whether the call has to be written. It is from then on.</summary>
    public bool TryBegin(BufferEntry entry)
    {
        if (entry.Call <= _last.GetValueOrDefault(entry.Producer))
        {
            return false;
        }

        _last[entry.Producer] = entry.Call;
        return !_direct.Contains((entry.Producer, entry.Call));
    }

    /// <summary>Whether it is written already.</summary>
    public bool Contains(BufferEntry entry) =>
        entry.Call <= _last.GetValueOrDefault(entry.Producer) || _direct.Contains((entry.Producer, entry.Call));

    /// <summary>The last call of each process.</summary>
    public (Guid[] Producers, long[] Calls) Last() => ([.. _last.Keys], [.. _last.Values]);
}
