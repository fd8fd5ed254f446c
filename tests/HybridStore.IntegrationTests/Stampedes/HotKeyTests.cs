using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Stampedes;

/// <summary>A key that is read all the time is replaced behind its readers, each time by one load of the whole cluster.</summary>
public sealed class HotKeyTests(ServersFixture servers)
{
    private const int Hosts = 2;
    private const int Callers = 32;
    private const int QueryMilliseconds = 50;
    private const int Lifetimes = 10;

    // At some hundred reads a second and more, one of them asks for the next load long before the last second: the entry does not expire
    // because a busy machine stands still for a moment.
    private static readonly EntryOptions Hot = new() { TimeToLive = TimeSpan.FromSeconds(5), Jitter = 0, Beta = 10 };

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_the_first_load_nobody_waits_however_often_the_entry_is_replaced()
    {
        await using var cluster = await Cluster.StartAsync(servers, Hosts, (_, options) => options.Defaults = Hot);
        var first = new HeldLoad<CountedRow>(Cluster.Query(QueryMilliseconds));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task[] callers = [.. Enumerable.Range(0, Hosts * Callers).Select(caller => ReadAllTheTimeAsync(cluster.Hosts[caller % Hosts]))];
        await cluster.EverybodyWaitsAsync(Callers, 0, 1);

        first.LetReturn();
        await Eventually.HappensAsync(
            async () => await cluster.CountLoadsAsync() > Lifetimes || Array.Exists(callers, caller => caller.IsCompleted),
            "the entry is replaced ten times");
        await stop.CancelAsync();
        await Task.WhenAll(callers);

        // A refresh may still be on its way. Each load was stored, so no two of them were of one lifetime.
        await Eventually.HappensAsync(
            async () => await cluster.CountLoadsAsync() == cluster.Stores.Count(), "what has been loaded is stored");
        Assert.All(cluster.Stores, result => Assert.Equal("stored", result));
        var outcomes = cluster.Reads.CountBy(outcome => outcome).ToDictionary();
        Assert.Equal(["hit", "miss"], outcomes.Keys.Order());
        Assert.Equal(Hosts * Callers, outcomes["miss"]);

        async Task ReadAllTheTimeAsync(StoreHost host)
        {
            while (!stop.IsCancellationRequested)
            {
                await host.Store.GetAsync(Cluster.Key, first.RunAsync, cancellationToken: Cancellation);

                // The pace of a caller, not a wait for something.
                await Task.Delay(Pace, Cancellation);
            }
        }
    }
}
