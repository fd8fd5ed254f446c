using HybridStore.IntegrationTests.Journaling;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Clustering;

/// <summary>The journal over several masters, of which one dies.</summary>
public sealed class JournalOnClusterTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RedisCluster Cluster => fixture.Cluster;

    [Fact]
    public async Task What_changes_reaches_every_partition_also_by_a_tag_and_by_truncating()
    {
        await using var journal = await JournalHost.StartAsync(fixture);
        await ReadAllAsync(journal, expected: _ => 0);
        await journal.ExecuteAsync("update item set value = id");
        await journal.SettleAsync();
        await ReadAllAsync(journal, expected: id => id);
        Assert.Equal(200, journal.Loads);
        await ReadAllAsync(journal, expected: id => id, new ReadOptions { MaxStaleness = TimeSpan.FromSeconds(10) });
        Assert.Equal(200, journal.Loads);

        await journal.ExecuteAsync("truncate item");
        await journal.SettleAsync();
        await ReadAllAsync(journal, expected: _ => 0);
    }

    [Fact]
    public async Task A_master_that_dies_stops_only_its_own_marks_and_its_replica_is_brought_up_to_date()
    {
        await using var journal = await JournalHost.StartAsync(fixture, options =>
        {
            options.RedisTimeout = TimeSpan.FromMilliseconds(500);
            options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(1);
        });
        await ReadAllAsync(journal, expected: _ => 0);
        var master = await Cluster.MasterOfAsync(journal.Host.SlotOf(0));
        var alive = 1;
        while (ReferenceEquals(await MasterOfAsync(journal, alive), master))
        {
            alive++;
        }

        await master.KillAsync(Cancellation);
        await journal.ExecuteAsync("update item set value = id");

        // Before the replica takes over: the others are not held up.
        await Eventually.HappensAsync(async () => await journal.ReadAsync(alive) == alive, "a partition that is alive goes on");

        await Cluster.WaitUntilAgreedAsync(Cancellation);
        await journal.SettleAsync();
        await ReadAllAsync(journal, expected: id => id);
        await master.StartAsync(Cancellation);
        await Cluster.WaitUntilAgreedAsync(Cancellation);
    }

    private Task<RedisServer> MasterOfAsync(JournalHost journal, int id) =>
        Cluster.MasterOfAsync(journal.Host.SlotOf(journal.Host.Root.Redis!.Session!.Layout.PartitionOf($"item:{id}")));

    private static async Task ReadAllAsync(JournalHost journal, Func<int, int> expected, ReadOptions? options = null)
    {
        for (var id = 1; id <= 100; id++)
        {
            Assert.Equal(expected(id), await journal.ReadAsync(id, options));
        }
    }
}
