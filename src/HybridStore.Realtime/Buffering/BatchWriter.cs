using System.Globalization;
using System.Transactions;
using Npgsql;
using IsolationLevel = System.Data.IsolationLevel;

namespace HybridStore.Realtime.Buffering;

/// <summary>Brings rows into PostgreSQL: entries of a stream, calls past it, and dead letters once more. Each in one transaction, together with
/// what says that it is done, so that it is done once. Safe to use from any thread.</summary>
internal sealed class BatchWriter<T>(
    Func<NpgsqlDataSource> dataSource, BufferTables tables, DeadLetters letters, BufferRows<T> rows, BufferMetrics metrics, IBufferGate? gate)
    where T : notnull
{
    private readonly TargetTable<T> _table = new(rows);

    /// <summary>Writes what was read from a stream, from its beginning on; what is written already is passed over.</summary>
    /// <returns>How many rows were put aside.</returns>
    public async Task<int> WriteAsync(int partition, StreamReading reading, CancellationToken cancellationToken)
    {
        if (gate is not null)
        {
            await gate.PassAsync(BufferStep.Write, partition).ConfigureAwait(false);
        }

        return await InTransactionAsync(
            async transaction =>
            {
                var written = await tables.LockAsync(
                    transaction.Connection!, partition, reading.Producers(), cancellationToken).ConfigureAwait(false);
                var batch = new RowBatch<T>(rows);
                batch.Refused.AddRange(reading.Unreadable);
                foreach (var entry in reading.Entries)
                {
                    if (written.TryBegin(entry))
                    {
                        batch.Add(entry);
                    }
                }

                var copied = await CopyAsync(transaction, partition, batch, cancellationToken).ConfigureAwait(false);
                await tables.AdvanceAsync(transaction.Connection!, partition, reading.LastId, copied, written, cancellationToken)
                    .ConfigureAwait(false);
                if (gate is not null)
                {
                    await gate.PassAsync(BufferStep.Commit, partition).ConfigureAwait(false);
                }

                return batch.Refused.Count;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a call of this process past the stream. The stream may have taken it: then it is written by one of the two.</summary>
    public async Task WriteUnansweredAsync(int partition, byte[] call)
    {
        var entry = EntryOf(call);
        await InTransactionAsync(
            async transaction =>
            {
                var written = await tables.LockAsync(transaction.Connection!, partition, [entry.Producer], CancellationToken.None)
                    .ConfigureAwait(false);
                if (written.Contains(entry))
                {
                    return 0;
                }

                await tables.AddDirectCallAsync(transaction.Connection!, partition, entry, CancellationToken.None).ConfigureAwait(false);
                return await CopyAsync(transaction, partition, entry, CancellationToken.None).ConfigureAwait(false);
            },
            CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Writes rows that the stream has certainly not taken.</summary>
    public Task WriteDirectlyAsync(int partition, byte[] call, CancellationToken cancellationToken) => InTransactionAsync(
        transaction => CopyAsync(transaction, partition, EntryOf(call), cancellationToken), cancellationToken);

    /// <summary>Writes dead letters once more.</summary>
    /// <returns>How many are none any more.</returns>
    public Task<int> RetryAsync(int limit, CancellationToken cancellationToken) => InTransactionAsync(
        async transaction =>
        {
            var taken = await letters.TakeAsync(transaction.Connection!, limit, cancellationToken).ConfigureAwait(false);
            var batch = new RowBatch<T>(rows);
            for (var number = 0; number < taken.Count; number++)
            {
                batch.Add("", number, taken[number].Payload);
            }

            await CopyRowsAsync(transaction, batch, cancellationToken).ConfigureAwait(false);
            var refused = batch.Refused.Select(row => row.Number).ToHashSet();
            var ids = taken.ConvertAll(letter => letter.Id);
            await letters.SettleAsync(
                transaction.Connection!, ids.Where((_, number) => !refused.Contains(number)).ToList(), batch.Refused, ids, cancellationToken)
                .ConfigureAwait(false);
            return taken.Count - refused.Count;
        },
        cancellationToken);

    private static BufferEntry EntryOf(byte[] call)
    {
        if (!BufferEntry.TryDecode("", call, out var unnamed))
        {
            throw new InvalidOperationException("A call of this process is not readable.");
        }

        return unnamed.Named(string.Create(CultureInfo.InvariantCulture, $"{unnamed.Producer:N}-{unnamed.Call}"));
    }

    private Task<int> CopyAsync(NpgsqlTransaction transaction, int partition, BufferEntry entry, CancellationToken cancellationToken)
    {
        var batch = new RowBatch<T>(rows);
        batch.Add(entry);
        return CopyAsync(transaction, partition, batch, cancellationToken);
    }

    private async Task<int> CopyAsync(NpgsqlTransaction transaction, int partition, RowBatch<T> batch, CancellationToken cancellationToken)
    {
        var copied = await CopyRowsAsync(transaction, batch, cancellationToken).ConfigureAwait(false);
        await letters.AddAsync(transaction.Connection!, partition, batch.Refused, cancellationToken).ConfigureAwait(false);
        metrics.Written(copied, batch.Refused.Count);
        return copied;
    }

    private async Task<int> CopyRowsAsync(NpgsqlTransaction transaction, RowBatch<T> batch, CancellationToken cancellationToken)
    {
        try
        {
            return await new RowCopier<T>(_table).CopyAsync(transaction, batch, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Whatever was changed about the table, the next attempt sees it.
            _table.ForgetTypes();
            throw;
        }
    }

    private async Task<TResult> InTransactionAsync<TResult>(Func<NpgsqlTransaction, Task<TResult>> work, CancellationToken cancellationToken)
    {
        // A transaction of the application has nothing to do with it.
        using var alone = new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        var connection = await dataSource().OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // Each statement sees what was committed before it, whatever the role's own settings are.
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var result = await work(transaction).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
        }
    }
}
