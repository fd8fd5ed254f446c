using HybridStore.Journaling;
using HybridStore.Journaling.Listening;
using HybridStore.Redis;

namespace HybridStore.Tests.Journaling;

public sealed class JournalBatchTests
{
    private static readonly RedisLayout Layout = new("p", 4);

    [Fact]
    public void Every_name_goes_where_it_belongs_with_its_own_write()
    {
        var batch = new JournalBatch(Layout, namesPerCall: 10);
        for (ulong xid = 100; xid < 150; xid++)
        {
            Assert.Equal(2, batch.Add(Row(xid, [$"key:{xid}", $"other:{xid}"], [])));
        }

        var calls = batch.Take(withRest: false).Concat(batch.Take(withRest: true)).ToList();

        var named = calls.SelectMany(call => call.Keys.Select((key, i) => (call.Partition, key, call.TransactionIds![i]))).ToList();
        Assert.Equal(100, named.Count);
        Assert.All(named, one => Assert.Equal(Layout.PartitionOf(one.key), one.Partition));
        Assert.All(named, one => Assert.EndsWith($":{one.Item3}", one.key, StringComparison.Ordinal));
        Assert.All(calls, call => Assert.InRange(call.Keys.Count, 1, 10));
    }

    [Fact]
    public void A_tag_goes_to_every_partition_and_behind_the_keys()
    {
        var batch = new JournalBatch(Layout, namesPerCall: 10);
        batch.Add(Row(7, ["key"], ["tag"]));
        batch.Add(Row(8, [], ["tag"]));

        var calls = batch.Take(withRest: true).ToList();

        Assert.Equal(4, calls.Count);
        Assert.All(calls, call => Assert.Equal(["tag", "tag"], call.Tags));
        Assert.Equal([7UL, 7UL, 8UL], calls.Single(call => call.Keys.Count == 1).TransactionIds);
        Assert.Empty(batch.Take(withRest: true));
    }

    [Fact]
    public void Where_a_call_goes_on_its_writes_go_along()
    {
        var call = new InvalidationCall(0, ["a", "b"], ["s", "t", "u"], [1, 2, 3, 4, 5]);
        var rest = call.From(tag: 2);
        Assert.Equal((0, 2), (rest.Keys.Count, rest.Tags.Count));
        Assert.Equal([4UL, 5UL], rest.TransactionIds);
    }

    [Fact]
    public void What_cannot_be_a_key_is_left_out()
    {
        var batch = new JournalBatch(Layout, namesPerCall: 10);
        Assert.Equal(0, batch.Add(Row(7, ["", "line\nbreak", new string('x', 2000)], [""])));
        Assert.Empty(batch.Take(withRest: true));
    }

    private static JournalRow Row(ulong xid, string[] keys, string[] tags) => new(xid, 0, keys, tags, IsEverything: false, Skipped: 0);
}
