using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace HybridStore.Benchmarks.Figures.Watches;

/// <summary>Eight writers, each on a connection of its own: single rows by key, picked at random, each update a transaction.</summary>
internal sealed class Writers : IAsyncDisposable
{
    private const int Count = 8;
    private const int Seed = 20260131;

    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(1);

    private readonly NpgsqlConnection[] _connections;
    private readonly Dictionary<WrittenTable, NpgsqlCommand[]> _updates = [];
    private readonly Random[] _picks = [.. Enumerable.Range(0, Count).Select(writer => new Random(Seed + writer))];

    private Writers(NpgsqlConnection[] connections) => _connections = connections;

    public static async Task<Writers> ConnectAsync(NpgsqlDataSource dataSource)
    {
        var connections = new NpgsqlConnection[Count];
        for (var writer = 0; writer < Count; writer++)
        {
            connections[writer] = await dataSource.OpenConnectionAsync();
        }

        var writers = new Writers(connections);
        foreach (var table in WrittenTable.All)
        {
            writers._updates[table] = await Task.WhenAll(connections.Select(connection => PrepareAsync(connection, table)));
        }

        return writers;
    }

    /// <summary>Writes as fast as it goes.</summary>
    public Task WriteAsync(WrittenTable table, int writes) => Task.WhenAll(Enumerable.Range(0, Count).Select(async writer =>
    {
        for (var i = writer; i < writes; i += Count)
        {
            await UpdateAsync(table, writer);
        }
    }));

    /// <summary>Writes until it is told to stop.</summary>
    /// <param name="table">Where.</param>
    /// <param name="perSecond">At most so many, by all together; null: as fast as it goes.</param>
    /// <param name="stopping">Ends it, without a failure.</param>
    /// <returns>How many writes were made in a second.</returns>
    public async Task<double> WriteUntilAsync(WrittenTable table, double? perSecond, CancellationToken stopping)
    {
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Count).Select(async writer =>
        {
            var count = 0;
            while (!stopping.IsCancellationRequested)
            {
                await UpdateAsync(table, writer);
                count++;
                if (perSecond is { } rate
                    && TimeSpan.FromSeconds(count * Count / rate) - Stopwatch.GetElapsedTime(start) is var rest
                    && rest > ShortestRest)
                {
                    await Task.Delay(rest, CancellationToken.None);
                }
            }

            return count;
        }));
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task<NpgsqlCommand> PrepareAsync(NpgsqlConnection connection, WrittenTable table)
    {
        var command = new NpgsqlCommand(table.Update, connection)
        {
            Parameters = { new NpgsqlParameter<int> { NpgsqlDbType = NpgsqlDbType.Integer } },
        };
        await command.PrepareAsync();
        return command;
    }

    private async Task UpdateAsync(WrittenTable table, int writer)
    {
        var command = _updates[table][writer];
        ((NpgsqlParameter<int>)command.Parameters[0]).TypedValue = _picks[writer].Next(1, WrittenTable.Rows + 1);
        if (await command.ExecuteNonQueryAsync() != 1)
        {
            throw new InvalidOperationException("An update did not change its row.");
        }
    }
}
