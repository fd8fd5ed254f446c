using System.Text;
using CsCheck;
using HybridStore.Keys;
using HybridStore.Redis;

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
        Assert.Equal("hs:{0}:e:1:product:42", layout.Entry(0, "product:42"));
        Assert.Equal("hs:{0}:t:1:org:7", layout.TagSet(0, "org:7"));
        Assert.Equal("hs:{0}:e:1:", layout.EntryPrefix(0));
        Assert.Equal(["hs:{0}:e:*"], layout.EntryPatterns);
        Assert.Equal(["hs:{0}:t:*"], layout.TagSetPatterns);
    }

    [Fact]
    public void With_sixteen_partitions_the_hash_tags_are_these()
    {
        var layout = new RedisLayout("shop", 16);

        string[] hashTags = ["10", "3", "61", "43", "11", "2", "60", "42", "12", "1", "63", "41", "13", "0", "62", "40"];
        Assert.Equal(hashTags.Select(hashTag => $"shop:{{{hashTag}}}:e:*"), layout.EntryPatterns);
        Assert.Equal(hashTags.Select(hashTag => $"shop:{{{hashTag}}}:t:*"), layout.TagSetPatterns);
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

        Assert.Equal(name, layout.Entry(layout.PartitionOf(key), key));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(64)]
    public void An_entry_and_the_tag_sets_of_its_partition_share_a_slot_and_no_two_partitions_do(int partitions)
    {
        var layout = new RedisLayout("shop", partitions);

        Gen.Select(Names, Names).Sample((key, tag) =>
        {
            var partition = layout.PartitionOf(key);
            Assert.InRange(partition, 0, partitions - 1);
            Assert.Equal(SlotOf(layout.Entry(partition, key)!), SlotOf(layout.TagSet(partition, tag)!));
        });
        Assert.Equal(
            partitions, Enumerable.Range(0, partitions).Select(partition => SlotOf(layout.TagSet(partition, "org:7")!)).Distinct().Count());
    }

    [Fact]
    public void Braces_in_a_key_do_not_move_it_to_another_slot()
    {
        var layout = new RedisLayout("shop", 16);

        Assert.Equal(SlotOf(layout.Entry(3, "plain")!), SlotOf(layout.Entry(3, "{other}:x}{")!));
    }

    [Fact]
    public void A_member_of_a_tag_set_makes_its_entrys_name_behind_the_entry_prefix() =>
        Names.Sample(key =>
        {
            var layout = new RedisLayout("shop", 16);
            var partition = layout.PartitionOf(key);
            return (string)layout.EntryPrefix(partition)! + key == layout.Entry(partition, key);
        });

    [Fact]
    public void Entries_and_tag_sets_of_one_name_are_different_keys()
    {
        var layout = new RedisLayout("shop", 1);

        Assert.NotEqual(layout.Entry(0, "org:7"), layout.TagSet(0, "org:7"));
    }

    /// <summary>As Redis Cluster does it: what stands between the first brace and the next closing one.</summary>
    private static int SlotOf(string name)
    {
        var open = name.IndexOf('{', StringComparison.Ordinal);
        var close = name.IndexOf('}', open);
        return HashSlot.Of(Encoding.UTF8.GetBytes(name[(open + 1)..close]));
    }
}
