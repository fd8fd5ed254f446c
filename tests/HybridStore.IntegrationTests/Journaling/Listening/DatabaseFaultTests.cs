using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>PostgreSQL goes away and comes back.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class DatabaseFaultTests(DisturbedServers servers) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => servers.RepairAsync();

    [Fact]
    public async Task A_restart_of_postgres_loses_nothing_and_keeps_the_cache()
    {
        await using var journal = await JournalHost.StartAsync(new SingleServers(servers.Servers));
        await journal.ReadAsync(1);
        await journal.ReadAsync(2);
        await journal.SettleAsync();
        var generation = journal.Host.Generation.Number;

        await servers.Postgres.StopAsync(Cancellation);
        await servers.Postgres.StartAsync(Cancellation);
        await UntilItAnswersAsync(journal);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();

        Assert.True(await journal.IsCachedAsync(2));
        Assert.Equal((1, 0), (await journal.ReadAsync(1), await journal.ReadAsync(2)));
        Assert.Equal(generation, journal.Host.Generation.Number);
    }

    [Fact]
    public async Task A_crash_of_postgres_empties_the_cache_since_ids_may_be_handed_out_again()
    {
        await using var journal = await JournalHost.StartAsync(new SingleServers(servers.Servers));
        await journal.ReadAsync(1);
        await journal.SettleAsync();
        var generation = journal.Host.Generation.Number;

        await servers.Postgres.KillAsync(Cancellation);
        await servers.Postgres.StartAsync(Cancellation);
        await UntilItAnswersAsync(journal);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await Eventually.HappensAsync(
            async () =>
            {
                await journal.Host.Root.Gateway!.ReadAsync("none", allowReplicas: false, Cancellation);
                return journal.Host.Generation.Number > generation;
            },
            "the generation is raised");
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1));
    }

    [Fact]
    public async Task While_postgres_is_away_entries_get_too_old_for_readers_with_a_bound()
    {
        await using var journal = await JournalHost.StartAsync(new SingleServers(servers.Servers));
        var bounded = new ReadOptions { MaxStaleness = TimeSpan.FromSeconds(2) };
        await journal.ReadAsync(1, bounded);
        await journal.SettleAsync();
        await journal.ReadAsync(1, bounded);
        Assert.Equal(1, journal.Loads);

        await servers.Postgres.StopAsync(Cancellation);
        await Eventually.HappensAsync(
            async () =>
            {
                try
                {
                    await journal.ReadAsync(1, bounded);
                    return false;
                }
                catch (Npgsql.NpgsqlException)
                {
                    return true;
                }
            },
            "the entry is not served any more");
        Assert.Equal(0, await journal.ReadAsync(1));
    }

    private static Task UntilItAnswersAsync(JournalHost journal) => Eventually.HappensAsync(
        async () =>
        {
            try
            {
                // What is left in the pools from before fails once.
                journal.Host.DataSource.Clear();
                await journal.ExecuteAsync("select 1");
                await journal.ReadAsync(100, new ReadOptions { SkipCache = true });
                return true;
            }
            catch (Npgsql.NpgsqlException)
            {
                return false;
            }
        },
        "PostgreSQL answers");
}
