using HybridStore.IntegrationTests.Reading;
using HybridStore.Servers;
using Npgsql;

namespace HybridStore.IntegrationTests.Resilience;

[Collection(nameof(DisturbedServers))]
public sealed class PostgresRestartTests(DisturbedServers servers) : IAsyncLifetime
{
    private const int Callers = 8;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Loads_fail_only_while_postgres_is_down_and_hits_never(bool killed)
    {
        await using var host = await StoreHost.StartAsync(servers.Servers);
        await host.Store.GetAsync<int>("cached", "select 1", cancellationToken: Cancellation);
        await host.Root.Redis!.Session!.Database.PingAsync();
        using var stopping = new CancellationTokenSource();
        var (failures, successes) = (0, 0);
        var callers = Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (!stopping.IsCancellationRequested)
            {
                try
                {
                    Assert.Equal(7, await host.Store.GetAsync<int>("loaded", "select 7", options: EntryOptions.Never));
                    Interlocked.Increment(ref successes);
                }
                catch (NpgsqlException)
                {
                    Interlocked.Increment(ref failures);
                }

                Assert.Equal(1, await host.Store.GetAsync<int>("cached", "select 2"));
            }
        })).ToArray();
        await AtLeastMoreAsync(() => Volatile.Read(ref successes), callers);
        Assert.Equal(0, failures);

        await (killed ? servers.Postgres.KillAsync(Cancellation) : servers.Postgres.StopAsync(Cancellation));
        await AtLeastMoreAsync(() => Volatile.Read(ref failures), callers);
        await servers.Postgres.StartAsync(Cancellation);
        await AtLeastMoreAsync(() => Volatile.Read(ref successes), callers);

        // Once connections from before are used up, nothing fails any more.
        await Eventually.HappensAsync(
            async () =>
            {
                var before = Volatile.Read(ref failures);
                await AtLeastMoreAsync(() => Volatile.Read(ref successes), callers);
                return Volatile.Read(ref failures) == before;
            },
            "loads succeed again");
        await stopping.CancelAsync();
        await Task.WhenAll(callers);
        Assert.Equal(ServerState.Running, servers.Postgres.State);
    }

    [Fact]
    public async Task A_failed_load_is_not_remembered()
    {
        await using var host = await StoreHost.StartAsync(servers.Servers);
        await servers.Postgres.StopAsync(Cancellation);
        await Assert.ThrowsAnyAsync<NpgsqlException>(async () => await host.Store.GetAsync<int>("key", "select 1", cancellationToken: Cancellation));

        await servers.Postgres.StartAsync(Cancellation);

        await Eventually.HappensAsync(
            async () =>
            {
                try
                {
                    return await host.Store.GetAsync<int>("key", "select 1", cancellationToken: Cancellation) == 1;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            },
            "the load succeeds");
        Assert.Equal(1, await host.Store.GetAsync<int>("key", "select 2", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_store_starts_while_postgres_is_down()
    {
        await using var earlier = await StoreHost.StartAsync(servers.Servers);
        await servers.Postgres.StopAsync(Cancellation);

        await using var host = await StoreHost.StartAsync(servers.Servers, besides: earlier);
        var loads = new NumberedLoads();

        Assert.Contains(host.Logs.GetSnapshot(), log => log.Id.Id == 1300);
        Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        await servers.Postgres.StartAsync(Cancellation);
        Assert.Equal(5, await host.Store.GetAsync<int>("other", "select 5", cancellationToken: Cancellation));
    }

    private static async Task AtLeastMoreAsync(Func<int> count, Task[] callers)
    {
        var goal = count() + 50;
        await Eventually.HappensAsync(
            async () =>
            {
                if (Array.Find(callers, caller => caller.IsCompleted) is { } ended)
                {
                    await ended;
                }

                return count() >= goal;
            },
            "the callers go on");
    }
}
