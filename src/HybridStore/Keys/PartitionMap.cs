using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using System.Text;

namespace HybridStore.Keys;

/// <summary>Which partition a key belongs to, and the hash tag that puts a partition into its Redis Cluster slot.</summary>
/// <remarks>
/// <para><b>Wire format.</b> Every instance, of every release, must agree on both answers: an instance that does not looks for
/// its entries elsewhere and, worse, invalidates elsewhere. Changing either loses every cache, so tests pin them.</para>
/// <list type="bullet">
/// <item>Partition of a key: XXH64 with seed 0 of its UTF-8 bytes, of which the top log2(N) bits.</item>
/// <item>Hash tag of partition p: the smallest non-negative integer, in decimal, whose slot (<see cref="HashSlot"/>) lies in
/// [p * 16384 / N, (p + 1) * 16384 / N). A cluster hands out ranges of slots, so the partitions spread over its nodes.</item>
/// </list>
/// </remarks>
internal sealed class PartitionMap
{
    /// <summary>The largest number of partitions.</summary>
    public const int MaximumCount = 1024;

    // Up to this many characters a key is encoded on the stack: three bytes each at most.
    private const int StackCharacters = 128;

    private readonly string[] _hashTags;
    private readonly int _shift;

    public PartitionMap(int count)
    {
        if (count is < 1 or > MaximumCount || !BitOperations.IsPow2(count))
        {
            throw new ArgumentOutOfRangeException(
                nameof(count),
                count,
                $"The number of partitions must be a power of two from 1 to {MaximumCount.ToString("N0", CultureInfo.InvariantCulture)}: take 1 on a single Redis server, 16 on a cluster.");
        }

        Count = count;
        _shift = 64 - BitOperations.Log2((uint)count);
        _hashTags = FindHashTags(count);
    }

    /// <summary>The number of partitions.</summary>
    public int Count { get; }

    /// <summary>The partition of a key, from 0 to <see cref="Count"/> - 1.</summary>
    public int PartitionOf(string key)
    {
        // Also because a shift by 64 is a shift by 0 in C#.
        if (Count == 1)
        {
            return 0;
        }

        return (int)(Hash(key) >> _shift);
    }

    /// <summary>The text that stands in braces in the names of everything that belongs to the partition.</summary>
    public string HashTag(int partition) => _hashTags[partition];

    private static ulong Hash(string key)
    {
        if (key.Length <= StackCharacters)
        {
            Span<byte> bytes = stackalloc byte[StackCharacters * 3];
            return XxHash64.HashToUInt64(bytes[..Encoding.UTF8.GetBytes(key, bytes)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(key.Length));
        var hash = XxHash64.HashToUInt64(rented.AsSpan(0, Encoding.UTF8.GetBytes(key, rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    private static string[] FindHashTags(int count)
    {
        var hashTags = new string[count];
        var missing = count;
        Span<byte> text = stackalloc byte[10];
        for (var number = 0; missing > 0; number++)
        {
            Utf8Formatter.TryFormat(number, text, out var length);
            var partition = HashSlot.Of(text[..length]) / (HashSlot.Count / count);
            if (hashTags[partition] is null)
            {
                hashTags[partition] = number.ToString(CultureInfo.InvariantCulture);
                missing--;
            }
        }

        return hashTags;
    }
}
