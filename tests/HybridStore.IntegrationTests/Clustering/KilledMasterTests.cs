using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Writing;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Clustering;

/// <summary>A master dies and its replica takes over, on a cluster of the tests' own.</summary>
public sealed class KilledMasterTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RedisCluster Cluster => fixture.Cluster;

    [Fact]
    public async Task Callers_that_read_and_write_meanwhile_meet_no_error_and_nothing_old()
    {
        await using var rows = await VersionedRows.StartAsync(fixture, seed: 1, Impatient);

        await rows.RunAsync(
            operations: 1,
            atMost: TimeSpan.Zero,
            disturbEvery: 500,
            disturb: async () =>
            {
                var master = await KillAsync(rows);
                await rows.UntilMoreAsync(operations: 500);
                await Cluster.WaitUntilAgreedAsync(Cancellation);
                await rows.UntilServedAsync(Enumerable.Range(0, VersionedRows.Rows));
                await rows.UntilMoreAsync(operations: 500);
                await master.StartAsync(Cancellation);
                await Cluster.WaitUntilAgreedAsync(Cancellation);
                await rows.UntilMoreAsync(operations: 500);
            });

        rows.AssertFreshAndCached();
        Assert.Equal(0, await Cluster.ErrorsAsync("CROSSSLOT"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_invalidation_waits_for_the_promotion_and_takes_what_the_replica_has(bool byTag)
    {
        await using var rows = await VersionedRows.StartAsync(fixture, seed: 2, Impatient);
        await using var other = await StoreHost.StartAsync(fixture, Impatient, besides: rows.Host);
        Assert.Equal(0, await rows.ReadOnceAsync(0));
        Assert.Equal(0, await rows.ReadOnceAsync(0, other));
        var master = await KillAsync(rows);

        var receipt = await rows.WriteOnceAsync(0, byTag);

        Assert.Equal(1, receipt.Result);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.Equal(1, await rows.VersionAsync(0));
        await receipt.WhenApplied(Cancellation);
        Assert.NotSame(master, await Cluster.MasterOfAsync(rows.Host.SlotOf(rows.PartitionOf(0))));
        Assert.Equal(1, await rows.ReadOnceAsync(0, other));
        Assert.Equal(1, await rows.ReadOnceAsync(0));
        await master.StartAsync(Cancellation);
        await Cluster.WaitUntilAgreedAsync(Cancellation);
    }

    [Fact]
    public async Task An_instance_that_starts_before_the_promotion_reads_PostgreSQL_first_and_Redis_later()
    {
        await using var rows = await VersionedRows.StartAsync(fixture, seed: 4, Impatient);
        Assert.Equal(0, await rows.ReadOnceAsync(0));
        var master = await KillAsync(rows);

        await using var late = await StoreHost.StartAsync(fixture, Impatient, besides: rows.Host, waitForRedis: false);
        Assert.Equal(0, await rows.VersionAsync(0, late));

        await Cluster.WaitUntilAgreedAsync(Cancellation);
        await late.Root.Redis!.Ready.WaitAsync(Cancellation);
        await rows.UntilServedAsync([0], late);
        await master.StartAsync(Cancellation);
        await Cluster.WaitUntilAgreedAsync(Cancellation);
    }

    [Fact]
    public async Task What_a_dead_master_had_not_passed_on_is_lost_and_not_to_those_who_read_with_the_token_of_the_write()
    {
        await using var rows = await VersionedRows.StartAsync(fixture, seed: 3, Impatient);
        await using var other = await StoreHost.StartAsync(fixture, Impatient, besides: rows.Host);
        Assert.Equal(0, await rows.ReadOnceAsync(0));
        await Cluster.WaitUntilReplicatedAsync(Cancellation);
        var slot = rows.Host.SlotOf(rows.PartitionOf(0));
        var master = await Cluster.MasterOfAsync(slot);
        var replica = await Cluster.ReplicaOfAsync(slot);

        // Paused, it does not come back to its master; what has been sent to it before, it still reads.
        await replica.PauseAsync(Cancellation);
        await Cluster.ServerOf(master).ExecuteAsync("CLIENT", "KILL", "TYPE", "replica");

        var receipt = await rows.WriteOnceAsync(0, byTag: false);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        await master.KillAsync(Cancellation);
        await replica.ResumeAsync(Cancellation);
        await Cluster.WaitUntilAgreedAsync(Cancellation);
        Assert.Same(replica, await Cluster.MasterOfAsync(slot));

        // The entry of before is back: this is what a replica that lags costs.
        await Eventually.HappensAsync(async () => await rows.VersionAsync(0, other) == 0, "the new master serves");
        Assert.Equal(1, await rows.VersionAsync(0, other, receipt.Token));
        await Eventually.HappensAsync(async () => await rows.VersionAsync(0, other) == 1, "the new value is cached");
        await master.StartAsync(Cancellation);
        await Cluster.WaitUntilAgreedAsync(Cancellation);
    }

    /// <summary>Kills the master of row 0 when its replica has all that it had been sent.</summary>
    private async Task<RedisServer> KillAsync(VersionedRows rows)
    {
        var master = await Cluster.MasterOfAsync(rows.Host.SlotOf(rows.PartitionOf(0)));
        await rows.WithoutWritesAsync(async () =>
        {
            await Cluster.WaitUntilReplicatedAsync(Cancellation);
            await master.KillAsync(Cancellation);
        });
        return master;
    }

    private static void Impatient(HybridStoreOptions options)
    {
        options.RedisTimeout = TimeSpan.FromMilliseconds(500);
        options.CircuitBreaker.BreakDuration = TimeSpan.FromMilliseconds(500);
        options.InvalidationRetry.InitialDelay = TimeSpan.FromMilliseconds(20);
        options.InvalidationRetry.MaximumDelay = TimeSpan.FromMilliseconds(200);
    }
}
