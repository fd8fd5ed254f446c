using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>Copies a batch into the table, and finds the rows that PostgreSQL refuses by halving: all others arrive. Safe to use from any
/// thread.</summary>
internal sealed class RowCopier<T>(TargetTable<T> table)
    where T : notnull
{
    private const string Savepoint = "rows";

    /// <summary>Within a transaction. Throws what is not the fault of a row.</summary>
    /// <exception cref="UnwritableRowException">It has to be done without a row, from the beginning.</exception>
    /// <returns>How many rows are in the table that were not there before.</returns>
    public async Task<int> CopyAsync(NpgsqlTransaction transaction, RowBatch<T> batch, CancellationToken cancellationToken)
    {
        var written = 0;
        if (batch.Count == 0)
        {
            return written;
        }

        var connection = transaction.Connection!;
        var types = await table.TypesAsync(connection, cancellationToken).ConfigureAwait(false);
        var ranges = new Stack<(int From, int Count)>();
        ranges.Push((0, batch.Count));
        while (ranges.TryPop(out var range))
        {
            await transaction.SaveAsync(Savepoint, cancellationToken).ConfigureAwait(false);
            try
            {
                written += await CopyAsync(connection, batch, types, range.From, range.Count, cancellationToken).ConfigureAwait(false);

                // What would be checked at COMMIT is checked while it can still be told which row it is. The savepoint goes in the same round
                // trip, and not by Npgsql's ReleaseAsync, which blocks the thread.
                await ExecuteAsync(connection, $"set constraints all immediate; release savepoint {Savepoint}", cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (PostgresException error) when (RowFaults.IsOfRow(error))
            {
                await transaction.RollbackAsync(Savepoint, cancellationToken).ConfigureAwait(false);
                if (range.Count == 1)
                {
                    batch.Refuse(range.From, error);
                    continue;
                }

                var half = range.Count / 2;
                ranges.Push((range.From + half, range.Count - half));
                ranges.Push((range.From, half));
            }
        }

        return written;
    }

    private async Task<int> CopyAsync(
        NpgsqlConnection connection, RowBatch<T> batch, string[] types, int from, int count, CancellationToken cancellationToken)
    {
        if (table.Deduplicates)
        {
            await ExecuteAsync(connection, table.StageSql, cancellationToken).ConfigureAwait(false);
        }

        var importer = await connection.BeginBinaryImportAsync(table.CopySql, cancellationToken).ConfigureAwait(false);
        await using (importer.ConfigureAwait(false))
        {
            for (var row = from; row < from + count; row++)
            {
                try
                {
                    await importer.StartRowAsync(cancellationToken).ConfigureAwait(false);
                    for (var column = 0; column < types.Length; column++)
                    {
                        await batch.Values[column].WriteAsync(importer, row, types[column], cancellationToken).ConfigureAwait(false);
                    }
                }
                catch (Exception error) when (RowFaults.IsOfValue(error))
                {
                    throw batch.Unwritable(row, error);
                }
            }

            await importer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        var written = count;
        if (table.Deduplicates)
        {
            written = await ExecuteAsync(connection, table.MergeSql, cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(connection, TargetTable<T>.UnstageSql, cancellationToken).ConfigureAwait(false);
        }

        return written;
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
