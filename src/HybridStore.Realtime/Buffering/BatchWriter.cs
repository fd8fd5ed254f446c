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

        var result = await InTransactionAsync(
            async (transaction, unwritable) =>
            {
                var written = await tables.LockAsync(
                    transaction.Connection!, partition, reading.Producers(), cancellationToken).ConfigureAwait(false);
                var batch = new RowBatch<T>(rows, unwritable);
                batch.Refused.AddRange(reading.Unreadable);
                foreach (var entry in reading.Entries)
                {
                    if (written.TryBegin(entry))
                    {
                        batch.Add(entry);
                    }
                }

                var copied = await CopyAsync(transaction, partition, batch, cancellationToken).ConfigureAwait(false);
                await tables.AdvanceAsync(transaction.Connection!, partition, reading.LastId, copied.Written, written, cancellationToken)
                    .ConfigureAwait(false);
                if (gate is not null)
                {
                    await gate.PassAsync(BufferStep.Commit, partition).ConfigureAwait(false);
                }

                return copied;
            },
            cancellationToken).ConfigureAwait(false);
        return result.Refused;
    }

    /// <summary>Writes a call of this process past the stream. The stream may have taken it: then it is written by one of the two.</summary>
    public async Task WriteUnansweredAsync(int partition, byte[] call)
    {
        var entry = EntryOf(call);
        await InTransactionAsync(
            async (transaction, unwritable) =>
            {
                var written = await tables.LockAsync(transaction.Connection!, partition, [entry.Producer], CancellationToken.None)
                    .ConfigureAwait(false);
                if (written.Contains(entry))
                {
                    return default;
                }

                await tables.AddDirectCallAsync(transaction.Connection!, partition, entry, CancellationToken.None).ConfigureAwait(false);
                return await CopyAsync(transaction, unwritable, partition, entry, CancellationToken.None).ConfigureAwait(false);
            },
            CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Writes rows that the stream has certainly not taken.</summary>
    /// <exception cref="UnknownCommitException">They may be written, or not.</exception>
    public Task WriteDirectlyAsync(int partition, byte[] call, CancellationToken cancellationToken) => InTransactionAsync(
        (transaction, unwritable) => CopyAsync(transaction, unwritable, partition, EntryOf(call), cancellationToken), cancellationToken);

    /// <summary>Writes dead letters once more.</summary>
    /// <returns>How many are none any more.</returns>
    public async Task<int> RetryAsync(int limit, CancellationToken cancellationToken)
    {
        var settled = 0;
        await InTransactionAsync(
            async (transaction, unwritable) =>
            {
                var taken = await letters.TakeAsync(transaction.Connection!, limit, cancellationToken).ConfigureAwait(false);
                var batch = new RowBatch<T>(rows, unwritable);
                foreach (var (id, payload) in taken)
                {
                    // By its id: an attempt that follows may take other letters.
                    batch.Add(id.ToString(CultureInfo.InvariantCulture), 0, payload);
                }

                var copied = await CopyRowsAsync(transaction, batch, cancellationToken).ConfigureAwait(false);
                var refused = batch.Refused.ConvertAll(row => (Id: long.Parse(row.Entry, CultureInfo.InvariantCulture), row));
                var written = taken.Select(letter => letter.Id).Except(refused.Select(letter => letter.Id)).ToList();
                await letters.SettleAsync(transaction.Connection!, written, refused, cancellationToken).ConfigureAwait(false);
                settled = written.Count;
                return new Copied(copied, 0);
            },
            cancellationToken).ConfigureAwait(false);
        return settled;
    }

    private static BufferEntry EntryOf(byte[] call)
    {
        if (!BufferEntry.TryDecode("", call, out var unnamed))
        {
            throw new InvalidOperationException("A call of this process is not readable.");
        }

        return unnamed.Named(string.Create(CultureInfo.InvariantCulture, $"{unnamed.Producer:N}-{unnamed.Call}"));
    }

    private Task<Copied> CopyAsync(
        NpgsqlTransaction transaction, UnwritableRows unwritable, int partition, BufferEntry entry, CancellationToken cancellationToken)
    {
        var batch = new RowBatch<T>(rows, unwritable);
        batch.Add(entry);
        return CopyAsync(transaction, partition, batch, cancellationToken);
    }

    private async Task<Copied> CopyAsync(NpgsqlTransaction transaction, int partition, RowBatch<T> batch, CancellationToken cancellationToken)
    {
        var copied = await CopyRowsAsync(transaction, batch, cancellationToken).ConfigureAwait(false);
        await letters.AddAsync(transaction.Connection!, partition, batch.Refused, cancellationToken).ConfigureAwait(false);
        return new Copied(copied, batch.Refused.Count);
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

    private async Task<Copied> InTransactionAsync(
        Func<NpgsqlTransaction, UnwritableRows, Task<Copied>> work, CancellationToken cancellationToken)
    {
        var unwritable = new UnwritableRows();
        while (true)
        {
            try
            {
                var copied = await InOneTransactionAsync(transaction => work(transaction, unwritable), cancellationToken).ConfigureAwait(false);
                metrics.Written(copied.Written, copied.Refused);
                return copied;
            }
            catch (UnwritableRowException error)
            {
                unwritable.Add(error);
            }
        }
    }

    private async Task<Copied> InOneTransactionAsync(Func<NpgsqlTransaction, Task<Copied>> work, CancellationToken cancellationToken)
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
                try
                {
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (NpgsqlException error) when (UnknownCommitException.IsUnknown(error))
                {
                    throw new UnknownCommitException(error);
                }

                return result;
            }
        }
    }

    /// <summary>What a transaction has brought into the table, and what into the dead letters.</summary>
    private readonly record struct Copied(int Written, int Refused);
}
