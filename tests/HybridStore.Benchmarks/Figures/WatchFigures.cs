using HybridStore.Benchmarks.Figures.Watches;
using HybridStore.Servers;
using Npgsql;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What it costs that PostgreSQL tells the cache what has changed: what is left of the writers' throughput, how long it takes, how
/// fast a backlog is worked off, and what a bound on the age of values adds to a hit.</summary>
internal static class WatchFigures
{
    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(
            arguments, ("--rounds", 15, 10_000), ("--seconds", 40, 36_000), ("--probes", 400, 100_000), ("--backlog", 100_000, 10_000_000));
        var rounds = options["--rounds"];
        var seconds = TimeSpan.FromSeconds(options["--seconds"]);
        var probes = options["--probes"];
        var figures = new FigureWriter(output);

        // Beside a PostgreSQL that waits for its disk, as one in production does: writers who notify commit one after the other there.
        await using (var servers = await TestServers.StartAsync(new TestServersOptions { Fsync = true }))
        {
            await MachineDescription.WriteAsync(figures, servers);
            await WriteWatchedAsync(figures, servers, "watch.fsync", rounds, seconds * 3 / 8, probes);
        }

        await using (var servers = await TestServers.StartAsync())
        {
            await WriteWatchedAsync(figures, servers, "watch", rounds, seconds * 3 / 8, probes);
            await Backlog.WriteAsync(figures, servers, options["--backlog"]);
            await BoundedHits.WriteAsync(figures, servers, rounds, seconds / 4);
        }
    }

    private static async Task WriteWatchedAsync(
        FigureWriter figures, TestServers servers, string name, int rounds, TimeSpan time, int probes)
    {
        var database = servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync());
        await using (var dataSource = NpgsqlDataSource.Create(database))
        {
            await WrittenTable.CreateAllAsync(dataSource);
            await using var command = dataSource.CreateCommand(
                """
                select string_agg(name || ' ' || setting, ', ' order by name) from pg_settings
                where name in ('fsync', 'synchronous_commit', 'wal_level')
                """);
            figures.Remark($"PostgreSQL: {await command.ExecuteScalarAsync()}");
        }

        await using var store = await ListeningStore.StartAsync(
            servers,
            database,
            static builder => builder.Watch(
                $"item_{WrittenTable.Watched.Name}", static table => table.Key("item:{id}").Tag("owner:{owner}")));
        await store.SettleAsync();
        await using var writers = await Writers.ConnectAsync(store.DataSource);
        var fullRate = await WriteRates.WriteAsync(figures, name, store, writers, rounds, time);
        await new Lags(figures, name, servers, store, writers).WriteAsync(fullRate, probes);
    }
}
