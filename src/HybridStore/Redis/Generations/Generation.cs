using System.Globalization;
using StackExchange.Redis;

namespace HybridStore.Redis.Generations;

/// <summary>One generation of a store's entries and tag sets: its number, and the names in which the number stands.</summary>
internal sealed class Generation
{
    private readonly RedisKey[] _entryPrefixes;
    private readonly RedisKey[] _tagSetPrefixes;

    public Generation(RedisLayout layout, long number)
    {
        Number = number;
        Text = number.ToString(CultureInfo.InvariantCulture);
        var partitions = layout.Partitions.Count;
        _entryPrefixes = new RedisKey[partitions];
        _tagSetPrefixes = new RedisKey[partitions];
        for (var partition = 0; partition < partitions; partition++)
        {
            // As bytes: the client then sends prefix and key one after the other, and nothing is concatenated for a read.
            _entryPrefixes[partition] = layout.NameOf(partition, $"e:{Text}:");
            _tagSetPrefixes[partition] = layout.NameOf(partition, $"t:{Text}:");
        }
    }

    public long Number { get; }

    /// <summary>The number as scripts compare it.</summary>
    public string Text { get; }

    public RedisKey EntryPrefix(int partition) => _entryPrefixes[partition];

    public RedisKey TagSetPrefix(int partition) => _tagSetPrefixes[partition];

    public RedisKey Entry(int partition, string key) => ((RedisKey)key).Prepend(_entryPrefixes[partition]);

    public RedisKey TagSet(int partition, string tag) => ((RedisKey)tag).Prepend(_tagSetPrefixes[partition]);
}
