using HybridStore.Keys;
using HybridStore.Redis;

namespace HybridStore.Journaling.Listening;

/// <summary>Names of many writes on their way to the partitions: each call takes as many as it may, each with its own write.</summary>
/// <param name="layout">Where keys are.</param>
/// <param name="namesPerCall">Names in one call.</param>
internal sealed class JournalBatch(RedisLayout layout, int namesPerCall)
{
    private readonly Names[] _partitions = Array.ConvertAll(new Names[layout.Partitions.Count], _ => new Names());

    /// <summary>Adds what a row names. What is no key is left out: no entry can have such a name.</summary>
    /// <returns>How many names were taken.</returns>
    public int Add(in JournalRow row)
    {
        var taken = 0;
        foreach (var key in row.Keys)
        {
            if (KeyRules.IsValid(key))
            {
                _partitions[layout.PartitionOf(key)].Keys.Add((key, row.TransactionId));
                taken++;
            }
        }

        foreach (var tag in row.Tags)
        {
            if (KeyRules.IsValid(tag))
            {
                foreach (var partition in _partitions)
                {
                    partition.Tags.Add((tag, row.TransactionId));
                }

                taken++;
            }
        }

        return taken;
    }

    /// <summary>The calls that are full; with the rest, all.</summary>
    public IEnumerable<InvalidationCall> Take(bool withRest)
    {
        for (var partition = 0; partition < _partitions.Length; partition++)
        {
            var names = _partitions[partition];
            while (names.Keys.Count + names.Tags.Count >= (withRest ? 1 : namesPerCall))
            {
                var keys = TakeFrom(names.Keys, namesPerCall);
                var tags = TakeFrom(names.Tags, namesPerCall - keys.Count);
                yield return new InvalidationCall(
                    partition,
                    keys.ConvertAll(name => name.Name),
                    tags.ConvertAll(name => name.Name),
                    [.. keys.Select(name => name.TransactionId), .. tags.Select(name => name.TransactionId)]);
            }
        }
    }

    private static List<(string Name, ulong TransactionId)> TakeFrom(List<(string Name, ulong TransactionId)> names, int count)
    {
        var taken = names.GetRange(0, Math.Min(count, names.Count));
        names.RemoveRange(0, taken.Count);
        return taken;
    }

    private sealed class Names
    {
        public List<(string Name, ulong TransactionId)> Keys { get; } = [];

        public List<(string Name, ulong TransactionId)> Tags { get; } = [];
    }
}
