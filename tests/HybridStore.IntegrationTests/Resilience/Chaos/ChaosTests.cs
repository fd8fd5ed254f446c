using HybridStore.Benchmarks.Figures.Outages;

namespace HybridStore.IntegrationTests.Resilience.Chaos;

/// <summary>Two instances, 32 callers each, who read and write steadily while a server goes away and comes back: the callers and the faults of
/// the figures.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class ChaosTests(DisturbedServers servers) : IAsyncLifetime
{
    // Of each caller in each phase: about half a second.
    private const int RequestsOfEach = 25;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Outages => [.. OutageFault.All.Select(fault => fault.Name)];

    public static TheoryData<string> Nuisances => [.. Nuisance.All.Select(nuisance => nuisance.Name)];

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task An_outage_of_Redis_fails_no_request_overloads_nothing_and_leaves_nothing_stale(string name)
    {
        var fault = OutageFault.All.Single(fault => fault.Name == name);
        await using var scene = await StartAsync();
        await scene.CallAsync(RequestsOfEach);

        scene.Traffic.Unsettle();
        Array.ForEach(scene.Stores, store => store.TakeMost());
        await fault.BeginAsync(servers.Servers);
        await Eventually.HappensAsync(() => scene.Stores.All(store => store.IsOpen), "both circuits open");

        // From here on each has to see also what the other has written: in PostgreSQL, and in a Redis that comes back with older entries.
        scene.Traffic.Settle();
        await scene.CallAsync(RequestsOfEach);
        scene.Traffic.Settle();
        var most = scene.Stores.Max(store => store.TakeMost());
        await fault.EndAsync(servers.Servers);
        await scene.RecoverAsync();
        var (loads, before) = (scene.Loads, scene.Requests.Count);
        await scene.CallAsync(RequestsOfEach);

        scene.AssertAllServed();
        Assert.InRange(most, 1, scene.Stores[0].Root.Limiter.Limit);

        // Each key comes back by one load, whoever asks for it, and by one more for each write; a store that is refused costs another.
        var writes = scene.Requests.Skip(before).Count(request => request.IsWrite);
        Assert.InRange(scene.Loads - loads, 0, OutageStore.Rows + (2 * writes) + scene.Traffic.Callers);
    }

    [Theory]
    [MemberData(nameof(Nuisances))]
    public async Task A_Redis_that_is_disturbed_fails_no_request_and_leaves_nothing_stale(string name)
    {
        var nuisance = Nuisance.All.Single(nuisance => nuisance.Name == name);
        await using var scene = await StartAsync();
        await scene.CallAsync(RequestsOfEach);

        scene.Traffic.Unsettle();
        for (var round = 0; round < nuisance.Rounds; round++)
        {
            nuisance.Begin(servers.Redis.Proxy);
            await scene.CallAsync(RequestsOfEach / nuisance.Rounds);
        }

        servers.Redis.Proxy.Restore();
        await scene.RecoverAsync();
        await scene.CallAsync(RequestsOfEach);

        scene.AssertAllServed();
    }

    [Fact]
    public async Task A_restart_of_PostgreSQL_fails_what_needs_it_and_nothing_afterwards()
    {
        await using var scene = await StartAsync();
        await scene.CallAsync(RequestsOfEach);
        scene.Traffic.Unsettle();
        await servers.Postgres.RestartAsync(Cancellation);
        await scene.CallAsync(RequestsOfEach);
        scene.ForgetFailuresOfPostgres();

        // Each pooled connection has found out by now, or does while nobody watches.
        await Eventually.HappensAsync(
            async () =>
            {
                await scene.CallAsync(1);
                return !scene.ForgetFailuresOfPostgres();
            },
            "nothing fails any more");
        await scene.RecoverAsync();
        await scene.CallAsync(RequestsOfEach);

        scene.AssertAllServed();
    }

    private Task<ChaosScene> StartAsync() => ChaosScene.StartAsync(servers.Servers);
}
