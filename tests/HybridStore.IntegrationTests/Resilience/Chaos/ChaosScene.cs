using System.Globalization;
using HybridStore.Benchmarks.Figures.Outages;
using HybridStore.Servers;
using Npgsql;

namespace HybridStore.IntegrationTests.Resilience.Chaos;

/// <summary>The instances, their callers, and what the callers have met.</summary>
internal sealed class ChaosScene : IAsyncDisposable
{
    private readonly List<OutageTraffic.Request> _requests = [];

    private ChaosScene(OutageStore[] stores)
    {
        Stores = stores;
        Traffic = new OutageTraffic(stores);
    }

    public OutageStore[] Stores { get; }

    public OutageTraffic Traffic { get; }

    public int Loads => Stores.Sum(store => store.Loads);

    /// <summary>All that have ended.</summary>
    public IReadOnlyList<OutageTraffic.Request> Requests
    {
        get
        {
            _requests.AddRange(Traffic.Take());
            return _requests;
        }
    }

    public static async Task<ChaosScene> StartAsync(TestServers servers)
    {
        var database = await servers.Postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using (var dataSource = NpgsqlDataSource.Create(database))
        {
            await using var command = dataSource.CreateCommand(string.Create(
                CultureInfo.InvariantCulture,
                $"create table item (id int primary key, value bigint not null); insert into item select id, 0 from generate_series(1, {OutageStore.Rows}) id"));
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var scene = new ChaosScene([await OutageStore.StartAsync(servers, database), await OutageStore.StartAsync(servers, database)]);
        await scene.RecoverAsync();
        return scene;
    }

    /// <summary>Ends when as many requests have ended as this makes for each caller.</summary>
    public async Task CallAsync(int requestsOfEach)
    {
        var goal = Requests.Count + (requestsOfEach * Traffic.Callers);
        await Eventually.HappensAsync(() => Requests.Count >= goal, "the callers go on");
    }

    /// <summary>Waits until both instances read Redis again and the journal is applied; from then on both have to see everything.</summary>
    public async Task RecoverAsync()
    {
        await Eventually.HappensAsync(() => Stores.All(store => store.ReadsRedis), "both read Redis");
        var now = await Stores[0].SnapshotAsync();
        await Eventually.HappensAsync(() => Stores[0].HasAppliedAsync(now), "the journal is applied");
        Traffic.Settle();
    }

    public void AssertAllServed()
    {
        var requests = Requests;
        Assert.Empty(requests.Select(request => request.Failure).OfType<Exception>());
        Assert.DoesNotContain(requests, request => request.IsStale);
    }

    /// <summary>Forgets what failed because PostgreSQL was away.</summary>
    /// <returns>Whether there was any.</returns>
    public bool ForgetFailuresOfPostgres() =>
        Requests.Count > 0
        && _requests.RemoveAll(request => request.Failure is NpgsqlException or CommitOutcomeUnknownException) > 0;

    public async ValueTask DisposeAsync()
    {
        await Traffic.DisposeAsync();
        foreach (var store in Stores)
        {
            await store.DisposeAsync();
        }
    }
}
