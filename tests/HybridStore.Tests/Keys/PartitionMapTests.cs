using System.Globalization;
using System.Text;
using HybridStore.Keys;

namespace HybridStore.Tests.Keys;

public class PartitionMapTests
{
    [Theory]
    [InlineData("123456789", 0x31C3)]
    [InlineData("", 0)]
    public void Crc16_gives_the_reference_values(string text, int expected) =>
        Assert.Equal(expected, HashSlot.Crc16(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("foo", 12182)]
    [InlineData("bar", 5061)]
    [InlineData("hello", 866)]
    public void Slots_are_those_of_Redis_Cluster(string text, int expected) =>
        Assert.Equal(expected, HashSlot.Of(Encoding.ASCII.GetBytes(text)));

    // Wire format: these values must never change. See PartitionMap. They were computed from a Redis server's CLUSTER KEYSLOT.
    [Theory]
    [InlineData(1, "0")]
    [InlineData(2, "2 0")]
    [InlineData(4, "3 2 1 0")]
    [InlineData(8, "3 43 2 42 1 41 0 40")]
    [InlineData(16, "10 3 61 43 11 2 60 42 12 1 63 41 13 0 62 40")]
    public void Hash_tags_are_pinned(int count, string expected)
    {
        var map = new PartitionMap(count);
        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, count).Select(map.HashTag)));
    }

    // Wire format: these values must never change. See PartitionMap. They were computed with another implementation of XXH64.
    [Theory]
    [InlineData("user:42", 1, 13, 880)]
    [InlineData("product:1", 0, 5, 367)]
    [InlineData("org:7", 1, 11, 734)]
    [InlineData("straße:日本:\uD83D\uDE00", 0, 0, 20)]
    [InlineData("order:00a0b0c0-d0e0-f001-0203-0405060708ff", 1, 9, 615)]
    public void Partitions_are_pinned(string key, int of2, int of16, int of1024)
    {
        Assert.Equal(0, new PartitionMap(1).PartitionOf(key));
        Assert.Equal(of2, new PartitionMap(2).PartitionOf(key));
        Assert.Equal(of16, new PartitionMap(16).PartitionOf(key));
        Assert.Equal(of1024, new PartitionMap(1024).PartitionOf(key));
    }

    [Fact]
    public void The_partition_of_a_long_key_is_pinned() =>
        Assert.Equal(821, new PartitionMap(1024).PartitionOf(new string('k', 1024)));

    [Fact]
    public void Long_keys_are_hashed_whole()
    {
        var map = new PartitionMap(1024);
        var prefix = new string('€', 340);
        var partitions = Enumerable.Range(0, 100).Select(number => map.PartitionOf($"{prefix}{number}")).Distinct().Count();
        Assert.InRange(partitions, 80, 100);
    }

    [Fact]
    public void Every_size_has_one_hash_tag_in_each_range_of_slots()
    {
        for (var count = 1; count <= PartitionMap.MaximumCount; count *= 2)
        {
            var map = new PartitionMap(count);
            Assert.Equal(count, map.Count);
            for (var partition = 0; partition < count; partition++)
            {
                var slot = HashSlot.Of(Encoding.ASCII.GetBytes(map.HashTag(partition)));
                Assert.InRange(slot, partition * 16384 / count, ((partition + 1) * 16384 / count) - 1);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(64)]
    public void Keys_spread_evenly(int count)
    {
        const int Keys = 100_000;
        var map = new PartitionMap(count);
        var sizes = new int[count];
        for (var id = 0; id < Keys; id++)
        {
            sizes[map.PartitionOf(string.Create(CultureInfo.InvariantCulture, $"product:{id}"))]++;
        }

        // A fair draw of 100,000 keys into 64 partitions varies by 2.5 % (one standard deviation); four of them are allowed.
        var mean = (double)Keys / count;
        var allowed = 4 * Math.Sqrt(mean);
        Assert.All(sizes, size => Assert.InRange(size, mean - allowed, mean + allowed));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-16)]
    [InlineData(3)]
    [InlineData(24)]
    [InlineData(2048)]
    [InlineData(int.MinValue)]
    public void Refuses_what_is_no_power_of_two_up_to_1024(int count)
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new PartitionMap(count));
        Assert.Equal("count", exception.ParamName);
        Assert.StartsWith(
            "The number of partitions must be a power of two from 1 to 1,024: take 1 on a single Redis server, 16 on a cluster.",
            exception.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(1024)]
    public void Allocates_nothing(int length)
    {
        var map = new PartitionMap(16);
        var key = new string('k', length);
        Allocation.AssertPerCall(0, () => map.PartitionOf(key));
    }
}
