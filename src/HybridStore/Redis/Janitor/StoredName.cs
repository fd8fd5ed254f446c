using System.Buffers.Text;
using System.Text;

namespace HybridStore.Redis.Janitor;

/// <summary>A name found in Redis that a generation stands in: an entry's, or a tag set's.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="IsEntry">Whether it is an entry's.</param>
/// <param name="Generation">The generation.</param>
internal readonly record struct StoredName(int Partition, bool IsEntry, long Generation);

/// <summary>Tells the names that a store has given from all others: the pattern of a search is only nearly exact.</summary>
internal sealed class StoredNames
{
    private readonly byte[] _beginning;
    private readonly Dictionary<string, int> _partitions = new(StringComparer.Ordinal);

    public StoredNames(string prefix, RedisLayout layout)
    {
        _beginning = Encoding.UTF8.GetBytes($"{prefix}:{{");
        Pattern = $"{prefix}:{{*}}:[et]:*";
        for (var partition = 0; partition < layout.Partitions.Count; partition++)
        {
            _partitions[layout.Partitions.HashTag(partition)] = partition;
        }
    }

    /// <summary>What to search for, as SCAN takes it. A prefix has no character that means something else there.</summary>
    public string Pattern { get; }

    public bool TryParse(ReadOnlySpan<byte> name, out StoredName stored)
    {
        stored = default;
        if (!name.StartsWith(_beginning))
        {
            return false;
        }

        var rest = name[_beginning.Length..];
        var end = rest.IndexOf((byte)'}');
        if (end < 0 || !_partitions.TryGetValue(Encoding.UTF8.GetString(rest[..end]), out var partition))
        {
            return false;
        }

        rest = rest[(end + 1)..];
        var isEntry = rest.StartsWith(":e:"u8);
        if (!isEntry && !rest.StartsWith(":t:"u8))
        {
            return false;
        }

        // As this store writes numbers: without a sign or zeros in front.
        rest = rest[3..];
        if (rest is not [>= (byte)'1' and <= (byte)'9', ..]
            || !Utf8Parser.TryParse(rest, out long generation, out var digits)
            || rest[digits..] is not [(byte)':', _, ..])
        {
            return false;
        }

        stored = new StoredName(partition, isEntry, generation);
        return true;
    }
}
