using CsCheck;
using HybridStore.Redis;
using HybridStore.Redis.Generations;

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
                keys.Select(key => (layout.PartitionOf(key), key)).Order(),
                calls.SelectMany(call => call.Keys.Select(key => (call.Partition, key))).Order());
            Assert.Equal(
                Enumerable.Range(0, partitions).SelectMany(partition => tags.Select(tag => (partition, tag))).Order(),
                calls.SelectMany(call => call.Tags.Select(tag => (call.Partition, tag))).Order());
        });

    [Fact]
    public void A_call_stays_in_one_partition_and_names_something_but_no_more_than_it_may() =>
        Gen.Select(Names, Names, Partitions, Gen.Int[1, 20]).Sample((keys, tags, partitions, namesPerCall) =>
        {
            var layout = new RedisLayout("hs", partitions);
            foreach (var call in InvalidationPlan.Of(layout, keys, tags, namesPerCall))
            {
                Assert.InRange(call.Keys.Count + call.Tags.Count, 1, namesPerCall);
                Assert.All(
                    call.Names(layout, new Generation(layout, 7)),
                    name => Assert.StartsWith(
                        $"hs:{{{layout.Partitions.HashTag(call.Partition)}}}:", (string)name!, StringComparison.Ordinal));
            }
        });

    [Fact]
    public void What_fits_into_one_call_for_each_partition_makes_no_more()
    {
        var layout = new RedisLayout("hs", 16);
        var keys = Enumerable.Range(0, RedisInvalidations.NamesPerCall - 2).Select(i => $"user:{i}").ToArray();

        var calls = InvalidationPlan.Of(layout, keys, ["org:1", "org:2"], RedisInvalidations.NamesPerCall);

        Assert.Equal(Enumerable.Range(0, 16), calls.Select(call => call.Partition));
    }

    [Fact]
    public void Partitions_without_a_key_are_not_called_where_there_is_no_tag()
    {
        var layout = new RedisLayout("hs", 16);

        var generation = new Generation(layout, 7);
        var call = Assert.Single(InvalidationPlan.Of(layout, ["user:1"], [], 1000));

        Assert.Equal(layout.PartitionOf("user:1"), call.Partition);
        Assert.Equal(
            new[]
            {
                layout.State(call.Partition), layout.FencedTags(call.Partition),
                generation.Entry(call.Partition, "user:1"), layout.Guard(call.Partition, "user:1"),
            },
            call.Names(layout, generation));
        Assert.Empty(InvalidationPlan.Of(layout, [], [], 1000));
    }

    [Fact]
    public void A_call_that_stopped_goes_on_with_the_tag_it_stopped_at_and_names_no_key_again()
    {
        var layout = new RedisLayout("hs", 1);
        var generation = new Generation(layout, 7);
        var call = Assert.Single(InvalidationPlan.Of(layout, ["user:1", "user:2"], ["org:1", "org:2", "org:3"], 1000));

        var next = call.From(2);

        Assert.Empty(next.Keys);
        Assert.Equal(
            new[]
            {
                layout.State(0), layout.FencedTags(0),
                generation.TagSet(0, "org:2"), layout.TagFences(0, "org:2"),
                generation.TagSet(0, "org:3"), layout.TagFences(0, "org:3"),
            },
            next.Names(layout, generation));
        Assert.Equal(["org:3"], next.From(2).Tags);
    }
}
