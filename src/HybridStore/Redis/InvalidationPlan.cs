using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>One call of <c>invalidate.lua</c>.</summary>
/// <param name="Partition">The partition, hence the slot, of all keys.</param>
/// <param name="Entries">How many of the keys are entries; they come first.</param>
/// <param name="Keys">Entries, then tag sets.</param>
internal readonly record struct InvalidationCall(int Partition, int Entries, RedisKey[] Keys);

/// <summary>Spreads keys and tags over partitions: one call for each, more only where very much is named at once.</summary>
internal static class InvalidationPlan
{
    public static List<InvalidationCall> Of(
        RedisLayout layout, IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, int namesPerCall)
    {
        var entries = new List<RedisKey>?[layout.Partitions.Count];
        foreach (var key in keys)
        {
            var partition = layout.PartitionOf(key);
            (entries[partition] ??= []).Add(layout.Entry(partition, key));
        }

        var calls = new List<InvalidationCall>();
        for (var partition = 0; partition < entries.Length; partition++)
        {
            // A tag has members in every partition.
            var tagSets = tags.Select(tag => layout.TagSet(partition, tag)).ToList();
            var entriesHere = entries[partition] ?? [];
            Split(calls, partition, entriesHere, tagSets, namesPerCall);
        }

        return calls;
    }

    private static void Split(
        List<InvalidationCall> calls, int partition, List<RedisKey> entries, List<RedisKey> tagSets, int namesPerCall)
    {
        var total = entries.Count + tagSets.Count;
        for (var from = 0; from < total; from += namesPerCall)
        {
            var to = Math.Min(from + namesPerCall, total);
            var entriesFrom = Math.Min(from, entries.Count);
            var entriesTo = Math.Min(to, entries.Count);
            var tagSetsFrom = from - entriesFrom;
            var tagSetsTo = to - entriesTo;
            calls.Add(new InvalidationCall(
                partition,
                entriesTo - entriesFrom,
                [.. entries[entriesFrom..entriesTo], .. tagSets[tagSetsFrom..tagSetsTo]]));
        }
    }
}
