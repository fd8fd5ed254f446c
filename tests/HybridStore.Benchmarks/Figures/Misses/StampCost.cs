using System.Globalization;
using Dapper;
using HybridStore.Benchmarks.Workload;
using HybridStore.Fencing;
using HybridStore.Postgres;
using Npgsql;

namespace HybridStore.Benchmarks.Figures.Misses;

/// <summary>What the stamp adds to a load's statement, on one connection: in one round trip as loads do it, as a bare batch of the driver,
/// and in a round trip of its own.</summary>
internal static class StampCost
{
    private const int WarmUpStatements = 400;
    private const int RoundsPerRound = 8;

    public static async Task WriteAsync(FigureWriter figures, ProductTable table, int rounds, TimeSpan duration)
    {
        await using var connection = await table.DataSource.OpenConnectionAsync();
        (string Name, Func<NpgsqlConnection, int, Task<Product?>> Read)[] ways =
        [
            ("bare", ReadBareAsync),
            ("stamp", ReadStampedAsync),
            ("stamp.batch", ReadBatchAsync),
            ("stamp.two_trips", ReadInTwoTripsAsync),
        ];
        var microseconds = 0.0;
        foreach (var way in ways)
        {
            microseconds += (await TakeAsync(connection, way, WarmUpStatements)).Microseconds;
            microseconds += (await TakeAsync(connection, way, WarmUpStatements)).Microseconds;
        }

        // Many short rounds: what is compared is then close together.
        rounds *= RoundsPerRound;
        var statements = Math.Max(10, (int)(duration.TotalMicroseconds / rounds / (microseconds / 2)));
        var turns = await Rounds.TakeAsync(ways, rounds, way => TakeAsync(connection, way, statements));
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture, $"stamps, {rounds} rounds of {ways.Length} turns of {statements} statements, medians"));
        foreach (var (way, taken) in turns)
        {
            if (way != ways[0])
            {
                figures.Figure($"miss.{way.Name}.ratio", Rounds.Ratio(taken, turns[ways[0]]), "ratio");
            }

            figures.Figure($"miss.{way.Name}.us_per_statement", Median.Of(taken.Select(turn => turn.Microseconds)), "us");
            figures.Figure($"miss.{way.Name}.cpu_us_per_statement", Median.Of(taken.Select(turn => turn.CpuMicroseconds)), "us");
            figures.Figure($"miss.{way.Name}.bytes", Median.Of(taken.Select(turn => turn.Bytes)), "bytes");
        }
    }

    private static Task<Turn> TakeAsync(
        NpgsqlConnection connection, (string Name, Func<NpgsqlConnection, int, Task<Product?>> Read) way, int statements) =>
        Turn.TakeAsync(
            async () =>
            {
                for (var id = 1; id <= statements; id++)
                {
                    if ((await way.Read(connection, id))?.Id != id)
                    {
                        throw new InvalidOperationException($"{way.Name} did not read row {id}.");
                    }
                }
            },
            statements);

    private static Task<Product?> ReadBareAsync(NpgsqlConnection connection, int id) =>
        Statement.QuerySingleOrDefaultAsync<Product>(connection, null, ProductTable.ById, new { id }, CancellationToken.None);

    private static async Task<Product?> ReadStampedAsync(NpgsqlConnection connection, int id)
    {
        var stamp = new LoadStamp(isWanted: true);
        var product = await StampedStatement.QuerySingleOrDefaultAsync<Product>(
            connection, stamp, ProductTable.ById, new { id }, CancellationToken.None);
        return Stamped(product, stamp);
    }

    private static async Task<Product?> ReadInTwoTripsAsync(NpgsqlConnection connection, int id)
    {
        var stamp = new LoadStamp(isWanted: true);
        await Statement.StampAsync(connection, stamp, CancellationToken.None);
        return Stamped(await ReadBareAsync(connection, id), stamp);
    }

    /// <summary>As little as the driver allows; the row is mapped by Dapper all the same.</summary>
    private static async Task<Product?> ReadBatchAsync(NpgsqlConnection connection, int id)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(LoadStamp.Sql),
                new(ProductTable.ById) { Parameters = { new NpgsqlParameter<int>("id", id) } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.ReadAsync();
        var snapshot = SnapshotStamp.Parse(reader.GetString(0));
        await reader.NextResultAsync();
        await reader.ReadAsync();
        return snapshot.Xmin > 0 ? reader.GetRowParser<Product>()(reader) : null;
    }

    private static Product? Stamped(Product? product, LoadStamp stamp) =>
        stamp.Snapshot is not null ? product : throw new InvalidOperationException("The statement has no stamp.");
}
