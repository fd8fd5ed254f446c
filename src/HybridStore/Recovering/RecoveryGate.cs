using HybridStore.Keys;

namespace HybridStore.Recovering;

/// <summary>Which partitions are not read although Redis serves them again: what is in them may be older than what was written while it was
/// away. Thread-safe.</summary>
internal sealed class RecoveryGate
{
    private readonly bool[] _shut = new bool[PartitionMap.MaximumCount];
    private int _recoveries;
    private int _count;

    /// <summary>Moves whenever a partition is shut. What was read while it moved is not to be trusted: it may be the answer to the very call
    /// that found Redis back.</summary>
    public int Recoveries => Volatile.Read(ref _recoveries);

    /// <summary>How many partitions are shut.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool IsShut(int partition) => Volatile.Read(ref _shut[partition]);

    public void Shut(int partition)
    {
        if (!Interlocked.Exchange(ref _shut[partition], true))
        {
            Interlocked.Increment(ref _count);
        }

        Interlocked.Increment(ref _recoveries);
    }

    public void Open(int partition)
    {
        if (Interlocked.Exchange(ref _shut[partition], false))
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
