using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using Npgsql;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A change of watched rows that only PostgreSQL knows of, as psql or a batch job makes it: one statement, or a transaction that stays
/// open for a moment.</summary>
internal sealed class BypassWrite(
    IHybridStore store, NpgsqlDataSource dataSource, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    private const int MostRows = 4;

    // The longer is longer than the bounds of some readers.
    private const int Moment = 100;
    private const int LongMoment = 1_500;

    private readonly int[] _watched = [.. Enumerable.Range(0, layout.Rows).Where(layout.IsWatched)];

    public override async Task RunAsync(Random random)
    {
        var rows = RowsOf(random);
        var stays = random.Next(4) == 0 ? random.Next(random.Next(8) == 0 ? LongMoment : Moment) : (int?)null;
        var id = Log.Begin(OperationKind.Bypass, Names.OfNothing);
        var sent = false;
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync();
            if (stays is { } moment)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                foreach (var row in rows)
                {
                    await RaiseAsync(connection, [row], id);
                }

                await Task.Delay(moment);
                sent = true;
                await transaction.CommitAsync();
            }
            else
            {
                sent = true;
                await RaiseAsync(connection, rows, id);
            }
        }
        catch (Exception error)
        {
            // A statement outside a transaction is its own COMMIT.
            if (sent)
            {
                Log.OutcomeUnknown(id);
            }
            else
            {
                Log.RolledBackBy(id, error);
            }

            return;
        }

        Log.Committed(id);
    }

    /// <summary>A few, or all of a group.</summary>
    private int[] RowsOf(Random random)
    {
        var one = _watched[random.Next(_watched.Length)];
        if (random.Next(6) == 0)
        {
            return [.. _watched.Where(row => layout.GroupOf(row) == layout.GroupOf(one))];
        }

        var count = random.Next(1, MostRows + 1);
        return [.. Enumerable.Range(0, count - 1).Select(_ => _watched[random.Next(_watched.Length)]).Append(one).Distinct().Order()];
    }

    private static async Task RaiseAsync(NpgsqlConnection connection, int[] rows, long writer)
    {
        await using var command = new NpgsqlCommand(RowStatements.RaiseAll, connection);
        command.Parameters.AddWithValue("ids", rows);
        command.Parameters.AddWithValue("writer", writer);
        await command.ExecuteNonQueryAsync();
    }
}
