using System.Data;
using HybridStore.Fencing;
using Npgsql;

namespace HybridStore.Writing;

/// <summary>COMMIT and the transaction's id, in one round trip.</summary>
internal static class Commit
{
    private const string Sql = $"SELECT pg_current_xact_id_if_assigned(), {BootMark.Sql}";

    /// <summary>What is known of the open transaction of a write before its COMMIT. Null if it has written nothing and so has no id.
    /// In a transaction that has failed it is an error.</summary>
    public static async Task<Fence?> AboutToAsync(WriteContext write, CancellationToken cancellationToken)
    {
        if (write.Simulated is { } simulated)
        {
            return simulated.AboutToCommit();
        }

        var command = new NpgsqlCommand(Sql, write.Connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                return await ReadAsync(reader, isCommitted: false).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Commits the open transaction of a write. Not cancellable: once COMMIT is on its way there is nothing to take
    /// back, and whoever stops listening does not learn what became of it. The command time-out of the connection bounds it.</summary>
    /// <param name="write">The write.</param>
    /// <param name="first">What is run before, in the same round trip.</param>
    /// <returns>The transaction's id and who counted it, or null if it wrote nothing and so has none.</returns>
    /// <remarks>In a transaction that has failed the SELECT is an error, and the COMMIT behind it is not run. COMMIT alone would
    /// answer ROLLBACK there, which the client takes for a success.</remarks>
    public static async Task<Fence?> ExecuteAsync(WriteContext write, NpgsqlBatchCommand? first = null)
    {
        if (write.Simulated is { } simulated)
        {
            return simulated.Commit();
        }

        var batch = new NpgsqlBatch(write.Connection)
        {
            BatchCommands = { new(Sql), new("COMMIT") },
        };
        if (first is not null)
        {
            batch.BatchCommands.Insert(0, first);
        }

        await using (batch.ConfigureAwait(false))
        {
            var reader = await batch.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                if (first is not null)
                {
                    await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false);
                }

                var fence = await ReadAsync(reader, isCommitted: true).ConfigureAwait(false);

                // Reads on to COMMIT's own answer, where deferred constraints and serialization conflicts are reported.
                await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false);
                return fence;
            }
        }
    }

    /// <summary>Whether it is known that nothing was committed: PostgreSQL has said so, or COMMIT was not sent because the callback
    /// has left a reader open. A FATAL message, such as a server that shuts down sends, can follow a commit that has been made: it is no
    /// refusal.</summary>
    public static bool IsRefusal(Exception error) =>
        error is PostgresException { InvariantSeverity: "ERROR" } or NpgsqlOperationInProgressException;

    /// <summary>Refuses a transaction that is not there to be committed. COMMIT outside a transaction would pass as success.</summary>
    /// <exception cref="InvalidOperationException">The connection is closed, or the transaction has ended.</exception>
    public static void ThrowIfImpossible(WriteContext write)
    {
        if (write.Simulated is not null)
        {
            return;
        }

        if (write.Connection.State != ConnectionState.Open)
        {
            throw new InvalidOperationException(
                "The write's connection is closed: its callback closed it, or caught the error when it was lost. The write is rolled back.");
        }

        if (HasEnded(write.Transaction))
        {
            throw new InvalidOperationException(
                "The write's callback ended its transaction: the store commits it, and rolls it back when the callback throws. What the "
                + "callback did is committed or not as it said; what it named is invalidated in either case.");
        }
    }

    /// <summary>Whether the callback has ended the transaction. Not so where the connection is closed: PostgreSQL has rolled back
    /// then.</summary>
    public static bool IsEndedByCallback(WriteContext write) =>
        write.Simulated is null && write.Connection.State == ConnectionState.Open && HasEnded(write.Transaction);

    /// <inheritdoc cref="HasEnded(NpgsqlTransaction)"/>
    public static bool HasEnded(WriteContext write) => write.Simulated?.HasEnded ?? HasEnded(write.Transaction);

    /// <summary>Whether a transaction has been committed, rolled back or disposed.</summary>
    public static bool HasEnded(NpgsqlTransaction transaction)
    {
        try
        {
            // The one member that looks at the transaction's state and sends nothing.
            _ = transaction.IsolationLevel;
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private static async Task<Fence?> ReadAsync(NpgsqlDataReader reader, bool isCommitted)
    {
        await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        var transactionId = await reader.GetFieldValueAsync<ulong?>(0, CancellationToken.None).ConfigureAwait(false);
        var statisticsBegan = await reader.GetFieldValueAsync<DateTime?>(1, CancellationToken.None).ConfigureAwait(false);
        return transactionId is { } id ? new Fence(id, BootMark.Of(statisticsBegan, inRecovery: false), isCommitted) : null;
    }
}
