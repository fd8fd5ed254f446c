using HybridStore.Reading.Memo;

namespace HybridStore.Reading.Batches;

/// <summary>A batch of a view that remembers what it reads: only what is not known yet is read.</summary>
internal sealed class RememberedBatch<TState, TId, T>(ReadMemo memo, Batch<TState, TId, T> batch)
    where TId : notnull
{
    public async ValueTask<IReadOnlyList<T?>> ReadAsync(Func<Batch<TState, TId, T>, ValueTask<IReadOnlyList<T?>>> read)
    {
        var (unknown, versions) = (new List<int>(), new List<long>());
        for (var i = 0; i < batch.Keys.Count; i++)
        {
            var version = memo.VersionOf(batch.Keys[i]);
            if (memo.TryGet(batch.Keys[i], out T value))
            {
                batch.Take(i, value);
                continue;
            }

            unknown.Add(i);
            versions.Add(version);
        }

        if (unknown.Count == 0)
        {
            return batch.Values;
        }

        // Each of the unknown is named once there.
        var values = await read(batch.Of(unknown)).ConfigureAwait(false);
        for (var i = 0; i < unknown.Count; i++)
        {
            batch.Take(unknown[i], values[i]!);
            memo.Remember(batch.Keys[unknown[i]], versions[i], values[i]!);
        }

        return batch.Values;
    }
}
