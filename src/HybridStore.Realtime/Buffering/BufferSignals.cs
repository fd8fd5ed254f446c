namespace HybridStore.Realtime.Buffering;

/// <summary>What those who append tell the workers of the same process. Safe to use from any thread.</summary>
internal sealed class BufferSignals(int partitions, int batchRows, BufferMetrics metrics, Action lost)
{
    private readonly WakeSignal[] _wakes = [.. Enumerable.Range(0, partitions).Select(_ => new WakeSignal())];
    private readonly long[] _lengths = new long[partitions];

    /// <summary>How many rows wait, as far as this process knows.</summary>
    public long Length => _lengths.Sum();

    public WakeSignal Of(int partition) => _wakes[partition];

    /// <summary>A partition has grown to so many rows.</summary>
    public void Appended(int partition, long rows)
    {
        SetLength(partition, rows);
        if (rows >= batchRows)
        {
            _wakes[partition].Set();
        }
    }

    public void SetLength(int partition, long rows) => Volatile.Write(ref _lengths[partition], rows);

    /// <summary>Redis knows less of this process than it has acknowledged.</summary>
    public void Lost()
    {
        metrics.Lost();
        lost();
    }

    /// <summary>Somebody waits for what is in the partitions.</summary>
    public void WakeAll()
    {
        foreach (var wake in _wakes)
        {
            wake.Set();
        }
    }
}
