using System.Text;
using HybridStore.Keys;
using StackExchange.Redis;

namespace HybridStore.Redis;

// The physical names, layout version 1. With P = prefix:{hash tag of the partition} and generation n:
//
//   prefix:layout   hash    the record of layout version and partitions, one for the store
//   P:e:n:key       string  an entry (EntryHeader has its format)
//   P:t:n:tag       zset    the keys of this partition under a tag, score = expiry in milliseconds of Redis's clock
//   P:g:key         hash    the guard of a key: its lease and its fences (lease.lua), there only around misses and writes
//   P:f:tag         hash    the fences of a tag (store.lua), likewise
//   P:s             hash    the state of the partition: sequence of invalidations, largest xid (lease.lua)
//
// The hash tag keeps all of a partition in one slot, so that every script is atomic and runs alike on one server and on a
// cluster. The prefix has no braces, and of a key Redis looks at the first pair only, so braces in keys do no harm.
internal sealed class RedisLayout
{
    public const int Version = 1;

    // One generation until raising it is built.
    private const string Generation = "1";

    private readonly RedisKey[] _entryPrefixes;
    private readonly RedisKey[] _tagSetPrefixes;
    private readonly RedisKey[] _guardPrefixes;
    private readonly RedisKey[] _tagFencesPrefixes;
    private readonly RedisKey[] _states;

    public RedisLayout(string prefix, int partitions)
    {
        Partitions = new PartitionMap(partitions);
        EntryPatterns = new string[partitions];
        TagSetPatterns = new string[partitions];
        _entryPrefixes = new RedisKey[partitions];
        GuardPatterns = new string[partitions];
        _tagSetPrefixes = new RedisKey[partitions];
        _guardPrefixes = new RedisKey[partitions];
        _tagFencesPrefixes = new RedisKey[partitions];
        _states = new RedisKey[partitions];
        for (var partition = 0; partition < partitions; partition++)
        {
            var root = $"{prefix}:{{{Partitions.HashTag(partition)}}}";
            // As bytes: the client then sends prefix and key one after the other, and nothing is concatenated for a read.
            _entryPrefixes[partition] = Encoding.UTF8.GetBytes($"{root}:e:{Generation}:");
            _tagSetPrefixes[partition] = Encoding.UTF8.GetBytes($"{root}:t:{Generation}:");
            _guardPrefixes[partition] = Encoding.UTF8.GetBytes($"{root}:g:");
            _tagFencesPrefixes[partition] = Encoding.UTF8.GetBytes($"{root}:f:");
            _states[partition] = Encoding.UTF8.GetBytes($"{root}:s");
            GuardPatterns[partition] = $"{root}:g:*";
            EntryPatterns[partition] = $"{root}:e:*";
            TagSetPatterns[partition] = $"{root}:t:*";
        }
    }

    public PartitionMap Partitions { get; }

    /// <summary>SCAN patterns of all entries, by partition. The prefix has no pattern characters.</summary>
    public string[] EntryPatterns { get; }

    /// <summary>SCAN patterns of all guards, by partition.</summary>
    public string[] GuardPatterns { get; }

    /// <summary>SCAN patterns of all tag sets, by partition.</summary>
    public string[] TagSetPatterns { get; }

    public static RedisKey Record(string prefix) => $"{prefix}:layout";

    public int PartitionOf(string key) => Partitions.PartitionOf(key);

    public RedisKey EntryPrefix(int partition) => _entryPrefixes[partition];

    public RedisKey Entry(int partition, string key) => ((RedisKey)key).Prepend(_entryPrefixes[partition]);

    public RedisKey TagSet(int partition, string tag) => ((RedisKey)tag).Prepend(_tagSetPrefixes[partition]);

    public RedisKey Guard(int partition, string key) => ((RedisKey)key).Prepend(_guardPrefixes[partition]);

    public RedisKey TagFences(int partition, string tag) => ((RedisKey)tag).Prepend(_tagFencesPrefixes[partition]);

    public RedisKey State(int partition) => _states[partition];
}
