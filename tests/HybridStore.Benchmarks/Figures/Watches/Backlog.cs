using System.Diagnostics;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures.Watches;

/// <summary>How fast a listener that was away catches up: rows of one key each, each written by a transaction of its own.</summary>
internal static class Backlog
{
    private const int Times = 3;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    public static async Task WriteAsync(FigureWriter figures, TestServers servers, int rows)
    {
        var database = servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync());
        await using (var first = await StartAsync(servers, database))
        {
            // It leaves the mark from which the others go on.
            await first.SettleAsync();
        }

        var rates = new List<double>();
        for (var time = 0; time < Times; time++)
        {
            await FillAsync(database, rows, time);
            await using var store = await StartAsync(servers, database);
            while (!store.IsLeading)
            {
                await Task.Delay(Look);
            }

            // Until the mark says that all is applied, so a look of the mark's is part of it.
            var start = Stopwatch.GetTimestamp();
            await store.SettleAsync();
            rates.Add(rows / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        figures.Remark(
            $"{Times} times {rows} rows of the journal, each of one key and a transaction of its own, applied by one leader, median");
        figures.Figure("watch.apply.keys_per_s", Median.Of(rates), "keys/s");
    }

    private static Task<ListeningStore> StartAsync(TestServers servers, string database) =>
        ListeningStore.StartAsync(servers, database, static _ => { });

    private static async Task FillAsync(string database, int rows, int time)
    {
        await using var dataSource = Npgsql.NpgsqlDataSource.Create(database);
        await using var command = dataSource.CreateCommand(
            $"""
            do $body$
            begin
              for i in 1..{rows} loop
                insert into hybridstore.journal (keys) values (array['item:{time}:' || i]);
                commit;
              end loop;
            end
            $body$
            """);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
