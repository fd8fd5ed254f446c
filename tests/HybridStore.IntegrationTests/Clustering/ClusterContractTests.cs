using System.Collections.Concurrent;
using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Writing;
using HybridStore.Redis.Janitor;
using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Clustering;

/// <summary>What concerns all partitions at once: they are on several masters, and no call may need two of them.</summary>
[Collection<ClusterDefinition>]
public sealed class ClusterContractTests(ClusterFixture fixture)
{
    private const string Tag = "tag";
    private const int Partitions = 16;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RedisCluster Cluster => fixture.Cluster;

    private IDatabase Redis => Cluster.Connection.GetDatabase();

    [Fact]
    public async Task Keys_are_spread_over_sixteen_partitions_on_all_masters_and_each_is_cached()
    {
        await using var host = await StoreHost.StartAsync(fixture);
        var loads = new NumberedLoads();
        var keys = host.KeyOfEach();
        Assert.Equal(Partitions, keys.Length);

        var loaded = await ReadAllAsync(host, loads, keys);

        Assert.Equal(loaded, await ReadAllAsync(host, loads, keys));
        var masters = new HashSet<RedisServer>();
        for (var partition = 0; partition < Partitions; partition++)
        {
            masters.Add(await Cluster.MasterOfAsync(host.SlotOf(partition)));
            Assert.True(await host.HasEntryAsync(Redis, keys[partition]));
        }

        Assert.Equal(3, masters.Count);
        await AssertNothingCrossesSlotsAsync();
    }

    [Fact]
    public async Task Reads_that_leave_together_are_of_one_partition()
    {
        await using var host = await StoreHost.StartAsync(fixture);
        var loads = new NumberedLoads();
        string[] keys = [.. Enumerable.Range(0, Partitions).SelectMany(partition => host.KeysOf(partition, 20))];
        var loaded = await ReadAllAsync(host, loads, keys);
        var before = await Cluster.CallsAsync("mget");

        // Which reads leave together is up to the moment: some do.
        await Eventually.HappensAsync(
            async () =>
            {
                Assert.Equal(loaded, await ReadAllAsync(host, loads, keys));
                return await Cluster.CallsAsync("mget") > before;
            },
            "reads leave together");

        Assert.Equal(keys.Length, loads.Runs);
        await AssertNothingCrossesSlotsAsync();
    }

    [Fact]
    public async Task Reads_that_allow_replicas_are_served_by_them()
    {
        await using var host = await StoreHost.StartAsync(fixture);
        var loads = new NumberedLoads();
        var key = host.KeysOf(0, 1)[0];
        await host.ReadAsync(loads, key);
        await Cluster.WaitUntilReplicatedAsync(Cancellation);
        var replica = await Cluster.ReplicaOfAsync(host.SlotOf(0));
        var before = await Cluster.CallsAsync("get", replica);

        Assert.Equal(1, await host.Store.With(new ReadOptions { AllowReplicas = true }).GetAsync(
            key, loads.RunAsync, cancellationToken: Cancellation));

        Assert.Equal(before + 1, await Cluster.CallsAsync("get", replica));
    }

    [Fact]
    public async Task A_tag_takes_its_entries_in_all_partitions_along_and_no_others()
    {
        await using var host = await StoreHost.StartAsync(fixture);
        var loads = new NumberedLoads();
        string[] tagged = [.. Enumerable.Range(0, Partitions).SelectMany(partition => host.KeysOf(partition, 3))];
        await ReadAllAsync(host, loads, tagged, Tag);
        await host.ReadAsync(loads, "neighbour", "other");

        var receipt = await host.Store.InvalidateTagAsync(Tag, Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        foreach (var key in tagged)
        {
            Assert.False(await host.HasEntryAsync(Redis, key));
        }

        Assert.True(await host.HasEntryAsync(Redis, "neighbour"));
        await AssertNothingCrossesSlotsAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_invalidates_keys_in_all_partitions(bool isStrict)
    {
        await using var accounts = await Accounts.StartAsync(fixture);
        await accounts.Host.ExecuteAsync("insert into account select id, 100 from generate_series(17, 128) id");
        int[] ids = [.. Enumerable.Range(1, 128)];
        await Task.WhenAll(ids.Select(id => accounts.CacheAsync(id)));
        Assert.Equal(Partitions, ids.Select(id => accounts.Host.Layout().PartitionOf(Accounts.Key(id))).Distinct().Count());

        var receipt = await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update account set balance = balance + 1", cancellationToken: token);
                foreach (var id in ids)
                {
                    write.Invalidate(Accounts.Key(id));
                }
            },
            new WriteOptions { Strict = isStrict },
            Cancellation);

        Assert.Equal((InvalidationStatus.Applied, isStrict), (receipt.Status, receipt.IsStrict));
        foreach (var id in ids)
        {
            Assert.False(await accounts.IsCachedAsync(id));
            Assert.Equal(101, await accounts.ReadAsync(id));
        }

        await AssertNothingCrossesSlotsAsync();
    }

    [Fact]
    public async Task A_read_with_the_token_of_a_write_reflects_it_while_the_cache_does_not()
    {
        await using var writer = await Accounts.StartAsync(fixture);
        await writer.CacheAsync(1);

        // Past the store: its invalidation is not on its way at all.
        await writer.Host.ExecuteAsync("update account set balance = 900 where id = 1");
        var token = (await writer.Store.WriteAsync(
            (write, token) => write.ExecuteAsync("update account set balance = balance where id = 1", cancellationToken: token),
            cancellationToken: Cancellation)).Token;

        Assert.Equal(100, await writer.ReadAsync(1));
        Assert.Equal(900, await writer.Store.With(new ReadOptions { AtLeast = token }).GetAsync<int>(
            Accounts.Key(1), "select balance from account where id = 1", cancellationToken: Cancellation));
        Assert.Equal(900, await writer.ReadAsync(1));
    }

    [Fact]
    public async Task Keys_of_all_partitions_are_explained()
    {
        await using var host = await StoreHost.StartAsync(fixture);
        var loads = new NumberedLoads();
        foreach (var key in host.KeyOfEach())
        {
            await host.ReadAsync(loads, key, Tag);

            var explanation = await host.Store.ExplainAsync(key, Cancellation);

            Assert.Equal(EntryVerdict.Hit, explanation.Verdict);
            Assert.Equal(Tag, Assert.Single(explanation.Tags).Tag);
            Assert.Equal(host.Layout().PartitionOf(key), explanation.Partition!.Number);
        }

        await AssertNothingCrossesSlotsAsync();
    }

    [Fact]
    public async Task The_janitor_tidies_up_on_every_master()
    {
        await using var host = await StoreHost.StartAsync(fixture, options => options.JanitorInterval = TimeSpan.Zero);
        var loads = new NumberedLoads();
        var left = new List<RedisKey>();
        for (var partition = 0; partition < Partitions; partition++)
        {
            left.Add(host.Layout().NameOf(partition, "e:7:a"));
            await Redis.StringSetAsync(left[^1], "x");
            left.Add(host.Generation.TagSet(partition, "idle"));
            await Redis.SortedSetAddAsync(left[^1], "gone", 1);
            left.Add(host.Layout().FencedTags(partition));
            await Redis.SortedSetAddAsync(left[^1], "old", 1);
        }

        var keys = host.KeyOfEach();
        await ReadAllAsync(host, loads, keys, Tag);

        Assert.Equal(JanitorOutcome.Done, await host.Root.Janitor!.RunAsync(Cancellation));

        foreach (var name in left)
        {
            Assert.False(await Redis.KeyExistsAsync(name));
        }

        foreach (var key in keys)
        {
            Assert.True(await host.HasEntryAsync(Redis, key));
        }

        await AssertNothingCrossesSlotsAsync();
    }

    [Fact]
    public async Task Callers_that_read_and_write_at_random_are_given_nothing_old()
    {
        await using var rows = await VersionedRows.StartAsync(fixture, seed: 1);

        await rows.RunAsync(operations: 10_000, atMost: TimeSpan.FromSeconds(3));

        rows.AssertFreshAndCached();
        await AssertNothingCrossesSlotsAsync();
    }

    private static async Task<int[]> ReadAllAsync(StoreHost host, NumberedLoads loads, string[] keys, params string[] tags)
    {
        var values = new ConcurrentDictionary<string, int>();
        await Task.WhenAll(keys.Select(async key => values[key] = await host.Store.GetAsync(
            key,
            (context, token) =>
            {
                context.AddTags(tags);
                return loads.RunAsync(context, token);
            },
            cancellationToken: Cancellation)));
        await host.SettleAsync();
        return [.. keys.Select(key => values[key])];
    }

    private async Task AssertNothingCrossesSlotsAsync() => Assert.Equal(0, await Cluster.ErrorsAsync("CROSSSLOT"));
}
