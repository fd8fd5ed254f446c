using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Stampedes;

/// <summary>A key that everybody reads is replaced behind its readers, each time by one load of the whole cluster.</summary>
public sealed class HotKeyTests(ServersFixture servers)
{
    private const int Hosts = 2;
    private const int Callers = 32;
    private const int Lifetimes = 10;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_the_first_load_nobody_waits_however_often_the_entry_is_replaced()
    {
        await using var cluster = await Cluster.StartAsync(servers, Hosts, (_, options) => options.Defaults = EarlyEntry.Eager);
        var redis = (await servers.Redis.ConnectDirectlyAsync()).GetDatabase();
        var first = new HeldLoad<CountedRow>(Cluster.Query(milliseconds: 0));
        var waiting = ReadByAll(cluster, first);
        await cluster.EverybodyWaitsAsync(Callers, 0, 1);
        first.LetReturn();
        Assert.All(await Task.WhenAll(waiting), row => Assert.Equal(1, row.Load));

        for (var lifetime = 1; lifetime <= Lifetimes; lifetime++)
        {
            // What has been loaded last is stored, and its time is about to end.
            await StoredAsync(cluster, lifetime);
            await EarlyEntry.MakeDueAsync(redis, cluster.Hosts[0].EntryName(Cluster.Key));
            var next = new HeldLoad<CountedRow>(Cluster.Query(milliseconds: 0));

            // Nobody waits for the load: it is held.
            Assert.All(await Task.WhenAll(ReadByAll(cluster, next)), row => Assert.Equal(lifetime, row.Load));
            await next.HasRead.WaitAsync(Cancellation);
            next.LetReturn();
        }

        await StoredAsync(cluster, Lifetimes + 1);
        Assert.Equal(Lifetimes + 1, await cluster.CountLoadsAsync());
        Assert.All(cluster.Stores, result => Assert.Equal("stored", result));
        Assert.Equal(Hosts * Callers, cluster.Reads.Count(outcome => outcome == "miss"));
        Assert.Equal(Lifetimes * Hosts * Callers, cluster.Reads.Count(outcome => outcome == "hit"));
    }

    private static Task<CountedRow>[] ReadByAll(Cluster cluster, HeldLoad<CountedRow> load) =>
    [
        .. Enumerable.Range(0, Hosts * Callers).Select(caller =>
            cluster.Hosts[caller % Hosts].Store.GetAsync(Cluster.Key, load.RunAsync, cancellationToken: Cancellation).AsTask()),
    ];

    private static Task StoredAsync(Cluster cluster, int loads) =>
        Eventually.HappensAsync(() => cluster.Stores.Count() == loads, $"{loads} loads are stored");
}
