using HybridStore.Fencing;
using HybridStore.Redis;

namespace HybridStore.Testing.Caching;

/// <summary>The writes that have invalidated a key or a tag, each remembered for its time. Not thread-safe.</summary>
internal sealed class Fences
{
    private readonly SortedDictionary<ulong, (bool IsCommitted, long Until)> _writes = [];

    public void Add(Fence fence, long until)
    {
        var known = _writes.GetValueOrDefault(fence.TransactionId);
        _writes[fence.TransactionId] = (known.IsCommitted || fence.IsCommitted, Math.Max(known.Until, until));
    }

    /// <summary>Whether a load reflects every write that is remembered. Of what has no stamp only a fence set before COMMIT says that it may
    /// not: the lease stands for the others.</summary>
    public bool AreReflectedBy(StoreCommand load, long now)
    {
        foreach (var (write, fence) in _writes)
        {
            if (fence.Until > now
                && ((!load.IsStamped && !fence.IsCommitted) || (load.Stamp is { } stamp && !stamp.Sees(write))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many are remembered.</summary>
    public int CountAt(long now) => _writes.Values.Count(write => write.Until > now);

    public ExplainedFences Explain(SnapshotStamp? stamp, long now) => new()
    {
        Exact = [.. _writes
            .Where(write => write.Value.Until > now)
            .Select(write => new ExplainedFence(write.Key, !write.Value.IsCommitted, stamp?.Sees(write.Key)))],
    };
}
