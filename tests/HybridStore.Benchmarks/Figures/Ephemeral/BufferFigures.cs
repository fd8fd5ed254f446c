using HybridStore.Realtime;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace HybridStore.Benchmarks.Figures.Ephemeral;

/// <summary>What an append costs next to an INSERT of the same callers, and what workers bring next to a bare COPY.</summary>
internal static class BufferFigures
{
    private const int Appends = 20_000;
    private const int Rows = 200_000;
    private const int BatchRows = 5_000;
    private const int RowsPerCall = 200;
    private const int Kills = 5;

    public static async Task WriteAsync(TestServers servers, FigureWriter figures, int rounds)
    {
        await using var scene = await EphemeralScene.StartAsync(servers, figures, rounds, builder =>
        {
            Add<BufferedClick>(builder, "clicks", "buffered_click", runWorkers: false);
            Add<DrainedClick>(builder, "drained", "drained_click", runWorkers: true);
        });
        foreach (var table in (string[])["buffered_click", "drained_click", "inserted_click", "copied_click"])
        {
            await using var create = scene.Database.CreateCommand($"create table {table} (id integer not null, path text not null, at timestamptz not null)");
            await create.ExecuteNonQueryAsync();
        }

        await AppendsAsync(scene);
        await RowsAsync(scene);
    }

    private static async Task AppendsAsync(EphemeralScene scene)
    {
        var buffer = scene.Services.GetRequiredService<IWriteBuffer<BufferedClick>>();
        var at = DateTime.UtcNow;
        var turns = await scene.CompareAsync(
            Appends,
            ("append", async (_, number) => await buffer.AppendAsync(new BufferedClick(number, "/products/42", at))),
            ("insert", async (_, number) =>
            {
                await using var insert = scene.Database.CreateCommand("insert into inserted_click (id, path, at) values ($1, $2, $3)");
                insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = number });
                insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "/products/42" });
                insert.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = at });
                await insert.ExecuteNonQueryAsync();
            }
        ));
        scene.Figures.Figure("buffer.append.microseconds", Median.Of(turns["append"].Select(turn => turn.Microseconds)), "us");
        scene.Figures.Figure("buffer.append.ratio_insert", Rounds.Ratio(turns["insert"], turns["append"]), "x");
    }

    private static async Task RowsAsync(EphemeralScene scene)
    {
        var buffer = scene.Services.GetRequiredService<IWriteBuffer<DrainedClick>>();
        var at = DateTime.UtcNow;
        var clicks = Enumerable.Range(0, Rows).Select(number => new DrainedClick(number, "/products/42", at)).ToArray();
        var turns = await Rounds.TakeAsync(["workers", "copy"], scene.RoundCount + 1, async way =>
        {
            await ExecuteAsync(scene, "truncate drained_click, copied_click");
            if (way == "copy")
            {
                return await Turn.TakeAsync(() => CopyAsync(scene, clicks), Rows);
            }

            return await DrainAsync(scene, buffer, clicks);
        });
        scene.Figures.Figure("buffer.rows.per_second", 1e6 / Median.Of(turns["workers"].Skip(1).Select(turn => turn.Microseconds)), "rows/s");
        scene.Figures.Figure("buffer.rows.ratio_copy", Rounds.Ratio([.. turns["copy"].Skip(1)], [.. turns["workers"].Skip(1)]), "x");
        await ExecuteAsync(scene, "truncate drained_click");
        await InterruptAsync(scene, buffer, clicks);
    }

    /// <summary>What arrives while the sessions of the workers are ended again and again.</summary>
    private static async Task InterruptAsync(EphemeralScene scene, IWriteBuffer<DrainedClick> buffer, DrainedClick[] clicks)
    {
        var arriving = Task.Run(async () =>
        {
            await Task.WhenAll(clicks.Chunk(RowsPerCall).Select(chunk => buffer.AppendRangeAsync(chunk).AsTask()));
            await buffer.FlushAsync();
        });
        scene.Database.Clear();
        await using var killer = await scene.Database.OpenConnectionAsync();
        await using var arrived = new NpgsqlCommand("select count(*) from drained_click", killer);
        for (var kill = 0; kill < Kills; kill++)
        {
            // Each time a further share of the rows has come.
            while ((long)(await arrived.ExecuteScalarAsync())! <= (long)Rows * kill / Kills && !arriving.IsCompleted)
            {
                await Task.Yield();
            }

            await using var end = new NpgsqlCommand(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
                killer);
            await end.ExecuteNonQueryAsync();
        }

        await arriving;
        scene.Database.Clear();
        await using var count = scene.Database.CreateCommand("select count(*), count(distinct id) from drained_click");
        await using var reader = await count.ExecuteReaderAsync();
        await reader.ReadAsync();
        scene.Figures.Remark($"{Rows} rows, while all sessions of the workers are ended {Kills} times");
        scene.Figures.Figure("buffer.lost", Rows - reader.GetInt64(1), "rows");
        scene.Figures.Figure("buffer.duplicated", reader.GetInt64(0) - reader.GetInt64(1), "rows");
    }

    /// <summary>From a full stream, which is filled while the workers cannot write: the table is locked.</summary>
    private static async Task<Turn> DrainAsync(EphemeralScene scene, IWriteBuffer<DrainedClick> buffer, DrainedClick[] clicks)
    {
        await using var connection = await scene.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand("lock table drained_click in exclusive mode", connection, transaction);
        await hold.ExecuteNonQueryAsync();
        await Task.WhenAll(clicks.Chunk(RowsPerCall).Select(chunk => buffer.AppendRangeAsync(chunk).AsTask()));
        return await Turn.TakeAsync(
            async () =>
            {
                await transaction.RollbackAsync();
                await buffer.FlushAsync();
            },
            clicks.Length);
    }

    private static async Task CopyAsync(EphemeralScene scene, DrainedClick[] clicks)
    {
        await using var connection = await scene.Database.OpenConnectionAsync();
        foreach (var batch in clicks.Chunk(BatchRows))
        {
            await using var importer = await connection.BeginBinaryImportAsync("copy copied_click (id, path, at) from stdin (format binary)");
            foreach (var click in batch)
            {
                await importer.StartRowAsync();
                await importer.WriteAsync(click.Id, NpgsqlDbType.Integer);
                await importer.WriteAsync(click.Path, NpgsqlDbType.Text);
                await importer.WriteAsync(click.At, NpgsqlDbType.TimestampTz);
            }

            await importer.CompleteAsync();
        }
    }

    private static async Task ExecuteAsync(EphemeralScene scene, string sql)
    {
        await using var command = scene.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static void Add<T>(IHybridStoreBuilder builder, string name, string table, bool runWorkers)
        where T : class, IClick => builder.AddWriteBuffer<T>(name, options =>
        {
            options.Table = table;
            options.Map("id", click => click.Id).Map("path", click => click.Path).Map("at", click => click.At);
            options.MaximumBatchRows = BatchRows;
            options.RunWorkers = runWorkers;
            options.MaximumLength = 10_000_000;
            options.MaximumBytes = 4L << 30;
        });

    private interface IClick
    {
        int Id { get; }

        string Path { get; }

        DateTime At { get; }
    }

    private sealed record BufferedClick(int Id, string Path, DateTime At) : IClick;

    private sealed record DrainedClick(int Id, string Path, DateTime At) : IClick;
}
