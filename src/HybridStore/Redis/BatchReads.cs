using HybridStore.Recovering;
using HybridStore.Redis.CombinedReads;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>Reads of many entries at once: one MGET for each partition, which is one answer of Redis to all of them. More keys than one call
/// takes go one call after the other: a hundred large entries are a burden that a second hundred need not share a time-out with.</summary>
internal sealed class BatchReads(RedisGenerations generations, RecoveryGate recovery)
{
    public async ValueTask<RedisCallResult<FoundEntry>[]> ReadAsync(
        RedisSession session, IReadOnlyList<string> keys, ReadAcceptance accepts, CancellationToken cancellationToken)
    {
        var answers = new RedisCallResult<FoundEntry>[keys.Count];
        if (session.Layout.Partitions.Count == 1)
        {
            await ReadPartitionAsync(session, 0, keys, positions: null, accepts, answers, cancellationToken).ConfigureAwait(false);
            return answers;
        }

        var positions = new List<int>?[session.Layout.Partitions.Count];
        for (var i = 0; i < keys.Count; i++)
        {
            (positions[session.Layout.PartitionOf(keys[i])] ??= []).Add(i);
        }

        await Task.WhenAll(positions
            .Select((of, partition) => (of, partition))
            .Where(part => part.of is not null)
            .Select(part => ReadPartitionAsync(session, part.partition, keys, part.of, accepts, answers, cancellationToken)))
            .ConfigureAwait(false);
        return answers;
    }

    /// <param name="session">The session.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="keys">All keys.</param>
    /// <param name="positions">Where those of this partition stand; null: everywhere.</param>
    /// <param name="accepts">What the caller accepts.</param>
    /// <param name="answers">Takes the answers, each where its key stands.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task ReadPartitionAsync(
        RedisSession session,
        int partition,
        IReadOnlyList<string> keys,
        List<int>? positions,
        ReadAcceptance accepts,
        RedisCallResult<FoundEntry>[] answers,
        CancellationToken cancellationToken)
    {
        var count = positions?.Count ?? keys.Count;
        for (var from = 0; from < count; from += ReadCombiner.KeysPerCall)
        {
            if (!accepts.IsBounded && recovery.IsShut(partition))
            {
                // What is not answered counts as refused.
                return;
            }

            var proof = await ProveAsync(session, partition, cancellationToken).ConfigureAwait(false);
            if (!proof.TryGetValue(out var generation))
            {
                answers[PositionOf(from)] = proof.WithoutValue<FoundEntry>();
                return;
            }

            var size = Math.Min(ReadCombiner.KeysPerCall, count - from);
            var first = accepts.WithMark ? 1 : 0;
            var names = new RedisKey[first + size];
            if (accepts.WithMark)
            {
                names[0] = session.Layout.Mark(partition);
            }

            for (var i = 0; i < size; i++)
            {
                names[first + i] = generation.Entry(partition, keys[PositionOf(from + i)]);
            }

            var result = await session.Readers.Of(partition, accepts.AllowReplicas, accepts.WithMark)
                .ReadManyAsync(names, cancellationToken).ConfigureAwait(false);
            var isAnswered = result.TryGetValue(out var values);
            var hasMark = isAnswered && values!.Length > size;
            for (var i = 0; i < size; i++)
            {
                answers[PositionOf(from + i)] = isAnswered
                    ? RedisCallResult<FoundEntry>.Ok(
                        new FoundEntry(values![hasMark ? i + 1 : i], hasMark ? values[0] : RedisValue.Null, generation.Number))
                    : result.WithoutValue<FoundEntry>();
            }

            if (!isAnswered)
            {
                return;
            }
        }

        int PositionOf(int index) => positions is null ? index : positions[index];
    }

    private ValueTask<RedisCallResult<Generation>> ProveAsync(RedisSession session, int partition, CancellationToken cancellationToken)
    {
        if (session.Generations.ProvenFor(partition, out var isDue) is not { } generation)
        {
            return generations.ProveAsync(session, partition, cancellationToken);
        }

        if (isDue)
        {
            generations.ProveBehind(session, partition);
        }

        return new ValueTask<RedisCallResult<Generation>>(RedisCallResult<Generation>.Ok(generation));
    }
}
