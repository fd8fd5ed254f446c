using HybridStore.Fencing;
using HybridStore.Redis;

namespace HybridStore.Journaling.Listening;

/// <summary>Calls that apply the journal, some at once for each partition. After the first that fails a partition gets no more.</summary>
internal sealed class CallsUnderWay(
    RedisSession session, RedisInvalidations invalidations, PartitionProgress[] group, int atOnce, ProtocolUnderTest? test)
{
    private readonly Dictionary<int, Queue<Task<bool>>> _calls = group.ToDictionary(partition => partition.Partition, _ => new Queue<Task<bool>>());
    private readonly HashSet<PartitionProgress> _failed = [];

    public async Task SendAsync(IEnumerable<InvalidationCall> calls, BootMark bootMark)
    {
        foreach (var call in calls)
        {
            // What is not in the group is applied already, or has its turn later.
            if (Array.Find(group, partition => partition.Partition == call.Partition) is not { } partition || _failed.Contains(partition))
            {
                continue;
            }

            var underWay = _calls[call.Partition];
            if (underWay.Count == atOnce)
            {
                await EndOneAsync(partition, underWay).ConfigureAwait(false);
            }

            await test.PassAsync(ProtocolStep.ApplyJournal).ConfigureAwait(false);
            underWay.Enqueue(invalidations.ApplyJournalAsync(session, call, bootMark, partition.Leader!));
        }
    }

    /// <summary>Waits for all of them, and tells which partitions have not taken everything.</summary>
    public async Task<IReadOnlySet<PartitionProgress>> FinishAsync()
    {
        foreach (var partition in group)
        {
            var underWay = _calls[partition.Partition];
            while (underWay.Count > 0)
            {
                await EndOneAsync(partition, underWay).ConfigureAwait(false);
            }
        }

        return _failed;
    }

    private async Task EndOneAsync(PartitionProgress partition, Queue<Task<bool>> underWay)
    {
        if (!await underWay.Dequeue().ConfigureAwait(false))
        {
            _failed.Add(partition);
        }
    }
}
