using CsCheck;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Tests.Redis;

public class InvalidationPlanTests
{
    private static readonly Gen<string[]> Names = Gen.String[Gen.Char.AlphaNumeric, 1, 6].HashSet[0, 60].Select(names => names.ToArray());

    private static readonly Gen<int> Partitions = Gen.Int[0, 4].Select(power => 1 << power);

    [Fact]
    public void Every_key_is_named_once_and_every_tag_once_in_each_partition() =>
        Gen.Select(Names, Names, Partitions, Gen.Int[1, 20]).Sample((keys, tags, partitions, namesPerCall) =>
        {
            var layout = new RedisLayout("hs", partitions);

            var calls = InvalidationPlan.Of(layout, keys, tags, namesPerCall);

            Assert.Equal(
                keys.Select(key => (string)layout.Entry(layout.PartitionOf(key), key)!).Order(StringComparer.Ordinal),
                calls.SelectMany(call => call.Keys.Take(call.Entries)).Select(name => (string)name!).Order(StringComparer.Ordinal));
            Assert.Equal(
                Enumerable.Range(0, partitions).SelectMany(partition => tags.Select(tag => (string)layout.TagSet(partition, tag)!))
                    .Order(StringComparer.Ordinal),
                calls.SelectMany(call => call.Keys.Skip(call.Entries)).Select(name => (string)name!).Order(StringComparer.Ordinal));
        });

    [Fact]
    public void A_call_stays_in_one_partition_and_names_something_but_no_more_than_it_may() =>
        Gen.Select(Names, Names, Partitions, Gen.Int[1, 20]).Sample((keys, tags, partitions, namesPerCall) =>
        {
            var layout = new RedisLayout("hs", partitions);
            foreach (var call in InvalidationPlan.Of(layout, keys, tags, namesPerCall))
            {
                Assert.InRange(call.Keys.Length, 1, namesPerCall);
                Assert.InRange(call.Entries, 0, call.Keys.Length);
                Assert.All(
                    call.Keys,
                    name => Assert.StartsWith(
                        $"hs:{{{layout.Partitions.HashTag(call.Partition)}}}:", (string)name!, StringComparison.Ordinal));
            }
        });

    [Fact]
    public void What_fits_into_one_call_for_each_partition_makes_no_more()
    {
        var layout = new RedisLayout("hs", 16);
        var keys = Enumerable.Range(0, 500).Select(i => $"user:{i}").ToArray();

        var calls = InvalidationPlan.Of(layout, keys, ["org:1", "org:2"], RedisGateway.NamesPerCall);

        Assert.Equal(Enumerable.Range(0, 16), calls.Select(call => call.Partition));
    }

    [Fact]
    public void Partitions_without_a_key_are_not_called_where_there_is_no_tag()
    {
        var layout = new RedisLayout("hs", 16);

        var call = Assert.Single(InvalidationPlan.Of(layout, ["user:1"], [], 1000));

        Assert.Equal(layout.PartitionOf("user:1"), call.Partition);
        Assert.Equal(new RedisKey[] { layout.Entry(call.Partition, "user:1") }, call.Keys);
        Assert.Empty(InvalidationPlan.Of(layout, [], [], 1000));
    }
}
