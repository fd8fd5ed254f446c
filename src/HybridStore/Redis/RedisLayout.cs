using System.Text;
using HybridStore.Keys;
using StackExchange.Redis;

namespace HybridStore.Redis;

// The physical names, layout version 1. With P = prefix:{hash tag of the partition} and generation n:
//
//   prefix:layout   hash    the record of layout version and partitions, one for the store
//   prefix:janitor  string  whose turn it is to tidy up (turn.lua)
//   P:e:n:key       string  an entry (EntryHeader has its format)
//   P:t:n:tag       zset    the keys of this partition under a tag, score = when Redis removes its entry, in milliseconds of Redis's clock
//   P:g:key         hash    the guard of a key: its lease and its fences (lease.lua), there only around misses and writes
//   P:f:tag         hash    the fences of a tag (store.lua), likewise; without a time to live
//   P:x             zset    the tags that have fences, score = when they may be forgotten (invalidate.lua)
//   P:s             hash    the state of the partition: generation, sequence of invalidations, largest xid (lease.lua)
//   P:m             string  the applied mark of the journal (AppliedMark has its format), likewise
//
// The hash tag keeps all of a partition in one slot, so that every script is atomic and runs alike on one server and on a
// cluster. The prefix has no braces, and of a key Redis looks at the first pair only, so braces in keys do no harm. Guards and fences do
// not carry the generation: raising it must not forget a fence.
internal sealed class RedisLayout
{
    public const int Version = 1;

    private readonly string[] _roots;
    private readonly RedisKey[] _guardPrefixes;
    private readonly RedisKey[] _tagFencesPrefixes;
    private readonly RedisKey[] _fencedTags;
    private readonly RedisKey[] _states;
    private readonly RedisKey[] _marks;

    public RedisLayout(string prefix, int partitions)
    {
        Partitions = new PartitionMap(partitions);
        _roots = new string[partitions];
        _guardPrefixes = new RedisKey[partitions];
        _tagFencesPrefixes = new RedisKey[partitions];
        _fencedTags = new RedisKey[partitions];
        _states = new RedisKey[partitions];
        _marks = new RedisKey[partitions];
        for (var partition = 0; partition < partitions; partition++)
        {
            _roots[partition] = $"{prefix}:{{{Partitions.HashTag(partition)}}}";
            _guardPrefixes[partition] = NameOf(partition, "g:");
            _tagFencesPrefixes[partition] = NameOf(partition, "f:");
            _fencedTags[partition] = NameOf(partition, "x");
            _states[partition] = NameOf(partition, "s");
            _marks[partition] = NameOf(partition, "m");
        }
    }

    public PartitionMap Partitions { get; }

    public static RedisKey Record(string prefix) => $"{prefix}:layout";

    public static RedisKey JanitorTurn(string prefix) => $"{prefix}:janitor";

    public int PartitionOf(string key) => Partitions.PartitionOf(key);

    /// <summary>A name in a partition, from what stands behind the partition's own.</summary>
    public RedisKey NameOf(int partition, string rest) => Encoding.UTF8.GetBytes($"{_roots[partition]}:{rest}");

    public RedisKey Guard(int partition, string key) => ((RedisKey)key).Prepend(_guardPrefixes[partition]);

    public RedisKey TagFencesPrefix(int partition) => _tagFencesPrefixes[partition];

    public RedisKey TagFences(int partition, string tag) => ((RedisKey)tag).Prepend(_tagFencesPrefixes[partition]);

    public RedisKey FencedTags(int partition) => _fencedTags[partition];

    public RedisKey State(int partition) => _states[partition];

    public RedisKey Mark(int partition) => _marks[partition];
}
