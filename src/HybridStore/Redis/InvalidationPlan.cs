using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>One call of <c>invalidate.lua</c>.</summary>
/// <param name="Partition">The partition, hence the slot, of all names.</param>
/// <param name="Keys">How many keys it names.</param>
/// <param name="Names">The state; entry and guard of each key; tag set and fences of each tag.</param>
internal readonly record struct InvalidationCall(int Partition, int Keys, RedisKey[] Names)
{
    /// <summary>The call that goes on where this one stopped: with its n-th tag and those after it.</summary>
    public InvalidationCall From(int tag) => new(Partition, 0, [Names[0], .. Names[(1 + (2 * (Keys + tag - 1)))..]]);
}

/// <summary>Spreads keys and tags over partitions: one call for each, more only where very much is named at once.</summary>
internal static class InvalidationPlan
{
    public static List<InvalidationCall> Of(
        RedisLayout layout, IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, int namesPerCall)
    {
        var keysOf = new List<string>?[layout.Partitions.Count];
        foreach (var key in keys)
        {
            (keysOf[layout.PartitionOf(key)] ??= []).Add(key);
        }

        var calls = new List<InvalidationCall>();
        for (var partition = 0; partition < keysOf.Length; partition++)
        {
            // Tags have members in every partition.
            var here = keysOf[partition] ?? [];
            if (here.Count + tags.Count <= namesPerCall)
            {
                if (here.Count + tags.Count > 0)
                {
                    calls.Add(Call(layout, partition, here, tags));
                }

                continue;
            }

            calls.AddRange(tags.Chunk(namesPerCall).Select(some => Call(layout, partition, [], some)));
            calls.AddRange(here.Chunk(namesPerCall).Select(some => Call(layout, partition, some, [])));
        }

        return calls;
    }

    private static InvalidationCall Call(
        RedisLayout layout, int partition, IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags)
    {
        var names = new RedisKey[1 + (2 * (keys.Count + tags.Count))];
        names[0] = layout.State(partition);
        var next = 1;
        foreach (var key in keys)
        {
            names[next++] = layout.Entry(partition, key);
            names[next++] = layout.Guard(partition, key);
        }

        foreach (var tag in tags)
        {
            names[next++] = layout.TagSet(partition, tag);
            names[next++] = layout.TagFences(partition, tag);
        }

        return new InvalidationCall(partition, keys.Count, names);
    }
}
