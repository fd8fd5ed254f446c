using System.Text;
using CsCheck;
using HybridStore.Keys;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using StackExchange.Redis;

namespace HybridStore.Tests.Redis;

/// <summary>The names in Redis are a wire format between instances and releases: these tests pin them.</summary>
public class RedisLayoutTests
{
    private static readonly Gen<string> Names = Gen.String[Gen.Char.AlphaNumeric, 1, 40];

    [Fact]
    public void The_record_stands_beside_the_partitions() => Assert.Equal("shop:layout", RedisLayout.Record("shop"));

    [Fact]
    public void On_one_server_everything_is_in_partition_zero()
    {
        var layout = new RedisLayout("hs", 1);

        Assert.Equal(0, layout.PartitionOf("product:42"));
        Assert.Equal("hs:{0}:g:product:42", layout.Guard(0, "product:42"));
        Assert.Equal("hs:{0}:f:org:7", layout.TagFences(0, "org:7"));
        Assert.Equal("hs:{0}:f:", layout.TagFencesPrefix(0));
        Assert.Equal("hs:{0}:x", layout.FencedTags(0));
        Assert.Equal("hs:{0}:s", layout.State(0));
        var generation = new Generation(layout, 1);
        Assert.Equal("hs:{0}:e:1:product:42", generation.Entry(0, "product:42"));
        Assert.Equal("hs:{0}:t:1:org:7", generation.TagSet(0, "org:7"));
        Assert.Equal("hs:{0}:e:1:", generation.EntryPrefix(0));
        Assert.Equal("hs:{0}:t:1:", generation.TagSetPrefix(0));
    }

    [Fact]
    public void With_sixteen_partitions_the_hash_tags_are_these()
    {
        var layout = new RedisLayout("shop", 16);

        string[] hashTags = ["10", "3", "61", "43", "11", "2", "60", "42", "12", "1", "63", "41", "13", "0", "62", "40"];
        Assert.Equal(
            hashTags.Select(hashTag => (RedisKey)$"shop:{{{hashTag}}}:s"), Enumerable.Range(0, 16).Select(layout.State));
    }

    [Theory]
    [InlineData("product:1", "shop:{2}:e:1:product:1")]
    [InlineData("product:42", "shop:{2}:e:1:product:42")]
    [InlineData("user:ada@example.org", "shop:{2}:e:1:user:ada@example.org")]
    [InlineData("org:7", "shop:{41}:e:1:org:7")]
    [InlineData("café {1}", "shop:{0}:e:1:café {1}")]
    public void With_sixteen_partitions_an_entry_has_this_name(string key, string name)
    {
        var layout = new RedisLayout("shop", 16);

        Assert.Equal(name, new Generation(layout, 1).Entry(layout.PartitionOf(key), key));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(64)]
    public void An_entry_and_the_tag_sets_of_its_partition_share_a_slot_and_no_two_partitions_do(int partitions)
    {
        var layout = new RedisLayout("shop", partitions);
        var generation = new Generation(layout, 1);

        Gen.Select(Names, Names).Sample((key, tag) =>
        {
            var partition = layout.PartitionOf(key);
            Assert.InRange(partition, 0, partitions - 1);
            Assert.Equal(SlotOf(generation.Entry(partition, key)!), SlotOf(generation.TagSet(partition, tag)!));
        });
        Assert.Equal(
            partitions, Enumerable.Range(0, partitions).Select(partition => SlotOf(generation.TagSet(partition, "org:7")!)).Distinct().Count());
    }

    [Fact]
    public void Braces_in_a_key_do_not_move_it_to_another_slot()
    {
        var generation = new Generation(new RedisLayout("shop", 16), 1);

        Assert.Equal(SlotOf(generation.Entry(3, "plain")!), SlotOf(generation.Entry(3, "{other}:x}{")!));
    }

    [Fact]
    public void A_member_of_a_tag_set_makes_its_entrys_name_behind_the_entry_prefix() =>
        Names.Sample(key =>
        {
            var layout = new RedisLayout("shop", 16);
            var generation = new Generation(layout, 1);
            var partition = layout.PartitionOf(key);
            return (string)generation.EntryPrefix(partition)! + key == generation.Entry(partition, key);
        });

    [Fact]
    public void Entries_and_tag_sets_of_one_name_are_different_keys()
    {
        var generation = new Generation(new RedisLayout("shop", 1), 1);

        Assert.NotEqual(generation.Entry(0, "org:7"), generation.TagSet(0, "org:7"));
    }

    /// <summary>As Redis Cluster does it: what stands between the first brace and the next closing one.</summary>
    private static int SlotOf(string name)
    {
        var open = name.IndexOf('{', StringComparison.Ordinal);
        var close = name.IndexOf('}', open);
        return HashSlot.Of(Encoding.UTF8.GetBytes(name[(open + 1)..close]));
    }
}
