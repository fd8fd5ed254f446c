using Npgsql;

namespace HybridStore.Writing;

/// <summary>COMMIT and the transaction's id, in one round trip.</summary>
internal static class Commit
{
    /// <summary>Commits the open transaction of a connection. Not cancellable: once COMMIT is on its way there is nothing to take
    /// back, and whoever stops listening does not learn what became of it. The command time-out of the connection bounds it.</summary>
    /// <returns>The transaction's id, or null if it wrote nothing and so has none.</returns>
    /// <remarks>In a transaction that has failed the SELECT is an error, and the COMMIT behind it is not run. COMMIT alone would
    /// answer ROLLBACK there, which the client takes for a success.</remarks>
    public static async Task<ulong?> ExecuteAsync(NpgsqlConnection connection)
    {
        var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new("SELECT pg_current_xact_id_if_assigned()"), new("COMMIT") },
        };
        await using (batch.ConfigureAwait(false))
        {
            var reader = await batch.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                ulong? transactionId = await reader.IsDBNullAsync(0, CancellationToken.None).ConfigureAwait(false)
                    ? null
                    : await reader.GetFieldValueAsync<ulong>(0, CancellationToken.None).ConfigureAwait(false);

                // Reads on to COMMIT's own answer, where deferred constraints and serialization conflicts are reported.
                await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false);
                return transactionId;
            }
        }
    }

    /// <summary>Whether PostgreSQL has answered that it did not commit. A FATAL message, such as a server that shuts down sends, can
    /// follow a commit that has been made: it is no refusal.</summary>
    public static bool IsRefusal(Exception error) => error is PostgresException { InvariantSeverity: "ERROR" };
}
