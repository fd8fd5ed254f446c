using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Writing;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Clustering;

/// <summary>The slot of a partition moves to another master, a key at a time: for as long as that takes, some of the partition's keys are
/// here and some are there, and neither master answers for both.</summary>
[Collection<ClusterDefinition>]
public sealed class MovingSlotTests(ClusterFixture fixture)
{
    private const string Tag = "tag";

    // Any will do.
    private const int Partition = 3;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RedisCluster Cluster => fixture.Cluster;

    [Fact]
    public async Task Entries_are_served_from_where_they_are_at_the_moment()
    {
        await using var host = await StartAsync();
        var loads = new NumberedLoads();
        var keys = host.KeysOf(Partition, 4);
        foreach (var key in keys)
        {
            await host.ReadAsync(loads, key);
        }

        var migration = await BeginAsync(host);
        foreach (var moved in keys)
        {
            await migration.MoveAsync([host.EntryName(moved)!]);
            foreach (var key in keys)
            {
                Assert.Equal(Array.IndexOf(keys, key) + 1, await host.ReadAsync(loads, key));
            }
        }

        await migration.FinishAsync(Cancellation);
        Assert.Equal(4, loads.Runs);
    }

    [Fact]
    public async Task Reads_that_left_together_are_sent_again_one_by_one()
    {
        await using var host = await StartAsync();
        var loads = new NumberedLoads();
        var keys = host.KeysOf(Partition, 40);
        foreach (var key in keys)
        {
            await host.ReadAsync(loads, key);
        }

        var migration = await BeginAsync(host);
        await migration.MoveAsync(keys.Where((_, at) => at % 2 == 0).Select(key => (string)host.EntryName(key)!));
        var refusedBefore = await Cluster.ErrorsAsync("TRYAGAIN");

        // Which reads leave together is up to the moment: some do.
        await Eventually.HappensAsync(
            async () =>
            {
                await Task.WhenAll(keys.Select(key => host.Store.GetAsync(key, loads.RunAsync, cancellationToken: Cancellation).AsTask()));
                return await Cluster.ErrorsAsync("TRYAGAIN") > refusedBefore;
            },
            "neither master answers for keys of both");

        await migration.FinishAsync(Cancellation);
        Assert.Equal(40, loads.Runs);
    }

    [Fact]
    public async Task A_miss_is_answered_by_PostgreSQL_and_cached_once_the_slot_has_moved()
    {
        await using var host = await StartAsync();
        var loads = new NumberedLoads();
        var key = host.KeysOf(Partition, 1)[0];
        var migration = await BeginAsync(host);

        Assert.Equal(1, await host.ReadAsync(loads, key, Tag));
        Assert.Equal(2, await host.ReadAsync(loads, key, Tag));

        await migration.FinishAsync(Cancellation);
        Assert.Equal(3, await host.ReadAsync(loads, key, Tag));
        Assert.Equal(3, await host.ReadAsync(loads, key, Tag));
        Assert.Same(migration.Target, await Cluster.MasterOfAsync(host.SlotOf(Partition)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_succeeds_and_its_invalidation_waits_until_the_slot_has_moved(bool entriesFirst)
    {
        await using var rows = await VersionedRows.StartAsync(fixture, seed: 1);
        await using var other = await StoreHost.StartAsync(fixture, besides: rows.Host);
        Assert.Equal(0, await rows.ReadOnceAsync(0));
        Assert.Equal(0, await rows.ReadOnceAsync(0, other));
        var migration = await BeginAsync(rows.Host, rows.PartitionOf(0));
        await migration.MoveAsync((await migration.KeysAsync()).Where(name => name.Contains("}:e:", StringComparison.Ordinal) == entriesFirst));

        var byKey = await rows.WriteOnceAsync(0, byTag: false);
        var byTag = await rows.WriteOnceAsync(0, byTag: true);

        Assert.Equal(InvalidationStatus.Pending, byKey.Status);
        Assert.Equal(InvalidationStatus.Pending, byTag.Status);
        Assert.Equal(2, await rows.ReadOnceAsync(0));
        await migration.FinishAsync(Cancellation);
        await Task.WhenAll(byKey.WhenApplied(Cancellation), byTag.WhenApplied(Cancellation));
        Assert.Equal(2, await rows.ReadOnceAsync(0, other));
        Assert.Equal(2, await rows.ReadOnceAsync(0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_tag_whose_set_has_moved_before_an_entry_is_not_taken_for_invalidated(bool knowsXid)
    {
        await using var host = await StartAsync();
        var loads = new NumberedLoads();
        var key = host.KeysOf(Partition, 1)[0];

        // The fences of the tag have to be there already, or no script that names them runs on either master.
        await host.Store.InvalidateTagAsync(Tag, Cancellation);
        await host.ReadAsync(loads, key, Tag);
        var migration = await BeginAsync(host);
        await migration.MoveAsync((await migration.KeysAsync()).Where(name => name != host.EntryName(key)));

        var receipt = await InvalidateAsync();
        var isThere = await host.HasEntryAsync(Cluster.Connection.GetDatabase(), key);

        await migration.FinishAsync(Cancellation);
        Assert.True(isThere, "Somebody has removed the entry, and the test shows nothing.");
        Assert.Equal(InvalidationStatus.Pending, receipt.StatusBefore);
        await receipt.WhenApplied;
        Assert.False(await host.HasEntryAsync(Cluster.Connection.GetDatabase(), key));
        Assert.Equal(2, await host.ReadAsync(loads, key, Tag));

        async Task<(InvalidationStatus StatusBefore, Task WhenApplied)> InvalidateAsync()
        {
            if (!knowsXid)
            {
                var invalidation = await host.Store.InvalidateTagAsync(Tag, Cancellation);
                return (invalidation.Status, invalidation.WhenApplied(Cancellation));
            }

            var write = await host.Store.WriteAsync(
                async (write, token) =>
                {
                    write.InvalidateTag(Tag);
                    await write.ExecuteAsync("create table written ()", cancellationToken: token);
                },
                cancellationToken: Cancellation);
            return (write.Status, write.WhenApplied(Cancellation));
        }
    }

    [Fact]
    public async Task A_strict_write_is_told_that_its_fences_do_not_stand()
    {
        await using var rows = await VersionedRows.StartAsync(fixture, seed: 1);
        var migration = await BeginAsync(rows.Host, rows.PartitionOf(0));

        var receipt = await rows.WriteOnceAsync(0, byTag: false, new WriteOptions { Strict = true });
        await Assert.ThrowsAsync<FencesNotSetException>(
            () => rows.WriteOnceAsync(0, byTag: false, new WriteOptions { Strict = true, OnFenceFailure = OnFenceFailure.Abort }));

        await migration.FinishAsync(Cancellation);
        Assert.False(receipt.IsStrict);
        await receipt.WhenApplied(Cancellation);
        Assert.True((await rows.WriteOnceAsync(0, byTag: false, new WriteOptions { Strict = true })).IsStrict);
    }

    [Fact]
    public async Task A_flush_needs_no_more_than_one_key_of_each_partition_and_is_applied_at_once()
    {
        await using var host = await StartAsync();
        await using var other = await StoreHost.StartAsync(fixture, besides: host);
        var loads = new NumberedLoads();
        var key = host.KeysOf(Partition, 1)[0];
        Assert.Equal(1, await host.ReadAsync(loads, key));
        Assert.Equal(1, await other.ReadAsync(loads, key));
        var migration = await BeginAsync(host);
        await migration.MoveAsync([(string)host.Layout().State(Partition)!]);

        var receipt = await host.Store.FlushAsync(Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(2, await other.ReadAsync(loads, key));
        await migration.FinishAsync(Cancellation);
        Assert.Equal(3, await host.ReadAsync(loads, key));
        Assert.Equal(3, await other.ReadAsync(loads, key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Callers_that_read_and_write_meanwhile_meet_no_error_and_nothing_old(bool entriesFirst)
    {
        await using var rows = await VersionedRows.StartAsync(fixture, seed: entriesFirst ? 1 : 2);

        await rows.RunAsync(
            operations: 4_000,
            atMost: TimeSpan.FromSeconds(3),
            disturbEvery: 500,
            disturb: async () =>
            {
                var migration = await BeginAsync(rows.Host, rows.PartitionOf(0));
                await rows.UntilMoreAsync(operations: 200);
                var keys = await migration.KeysAsync();
                await migration.MoveAsync(keys.Where(name => name.Contains("}:e:", StringComparison.Ordinal) == entriesFirst));
                await rows.UntilMoreAsync(operations: 200);
                await migration.FinishAsync(Cancellation);
                await rows.UntilServedAsync([0]);
            });

        rows.AssertFreshAndCached();
        Assert.Equal(0, await Cluster.ErrorsAsync("CROSSSLOT"));
    }

    private Task<SlotMigration> BeginAsync(StoreHost host, int partition = Partition) =>
        SlotMigration.BeginAsync(Cluster, host.SlotOf(partition));

    private Task<StoreHost> StartAsync() => StoreHost.StartAsync(fixture, options =>
    {
        options.InvalidationRetry.InitialDelay = TimeSpan.FromMilliseconds(20);
        options.InvalidationRetry.MaximumDelay = TimeSpan.FromMilliseconds(100);
    });
}
