using HybridStore.Redis.Generations;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>One call of <c>invalidate.lua</c>: keys of one partition, and tags, which have members in every partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Keys">Its keys.</param>
/// <param name="Tags">The tags.</param>
/// <param name="TransactionIds">Where several writes are invalidated at once: the write of each key, then of each tag.</param>
internal readonly record struct InvalidationCall(
    int Partition, IReadOnlyList<string> Keys, IReadOnlyList<string> Tags, IReadOnlyList<ulong>? TransactionIds = null)
{
    /// <summary>The call that goes on where this one stopped: with its n-th tag and those after it.</summary>
    public InvalidationCall From(int tag) =>
        new(Partition, [], [.. Tags.Skip(tag - 1)], TransactionIds is null ? null : [.. TransactionIds.Skip(Keys.Count + tag - 1)]);

    /// <summary>The state; the tags that have fences; entry and guard of each key; tag set and fences of each tag.</summary>
    public RedisKey[] Names(RedisLayout layout, Generation generation)
    {
        var names = new RedisKey[2 + (2 * (Keys.Count + Tags.Count))];
        names[0] = layout.State(Partition);
        names[1] = layout.FencedTags(Partition);
        var next = 2;
        foreach (var key in Keys)
        {
            names[next++] = generation.Entry(Partition, key);
            names[next++] = layout.Guard(Partition, key);
        }

        foreach (var tag in Tags)
        {
            names[next++] = generation.TagSet(Partition, tag);
            names[next++] = layout.TagFences(Partition, tag);
        }

        return names;
    }
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

        string[] allTags = [.. tags];
        var calls = new List<InvalidationCall>();
        for (var partition = 0; partition < keysOf.Length; partition++)
        {
            var here = keysOf[partition] ?? [];
            if (here.Count + allTags.Length <= namesPerCall)
            {
                if (here.Count + allTags.Length > 0)
                {
                    calls.Add(new InvalidationCall(partition, here, allTags));
                }

                continue;
            }

            calls.AddRange(allTags.Chunk(namesPerCall).Select(some => new InvalidationCall(partition, [], some)));
            calls.AddRange(here.Chunk(namesPerCall).Select(some => new InvalidationCall(partition, some, [])));
        }

        return calls;
    }
}
