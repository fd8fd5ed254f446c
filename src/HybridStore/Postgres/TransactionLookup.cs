using HybridStore.Diagnostics;
using HybridStore.Fencing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Postgres;

/// <summary>What PostgreSQL knows of a transaction whose id came from elsewhere.</summary>
internal sealed class TransactionLookup(PostgresGateway postgres, ILogger logger)
{
    private const int TimeoutInSeconds = 5;

    // pg_xact_status is an error for ids that have not been given out, and null for those that PostgreSQL has forgotten.
    private const string Sql =
        $"SELECT pg_xact_status($1), pg_visible_in_snapshot($1, pg_current_snapshot()), pg_is_in_recovery(), {BootMark.Sql}";

    /// <summary>The fence of a transaction. Null if PostgreSQL does not know the id: nothing can be compared with it. If PostgreSQL does not
    /// answer, a fence that holds whatever the transaction has come to.</summary>
    public async Task<Fence?> FindAsync(ulong transactionId)
    {
        if (postgres.Simulated is { } simulated)
        {
            return simulated.Find(transactionId);
        }

        try
        {
            var command = postgres.DataSource.CreateCommand(Sql);
            await using (command.ConfigureAwait(false))
            {
                command.CommandTimeout = TimeoutInSeconds;
                command.Parameters.Add(new NpgsqlParameter<ulong> { TypedValue = transactionId, DataTypeName = "xid8" });
                var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    await reader.ReadAsync().ConfigureAwait(false);
                    var statisticsBegan = await reader.GetFieldValueAsync<DateTime?>(3).ConfigureAwait(false);
                    return await reader.IsDBNullAsync(0).ConfigureAwait(false)
                        ? null
                        : new Fence(transactionId, BootMark.Of(statisticsBegan, reader.GetBoolean(2)), IsCommitted: reader.GetBoolean(1));
                }
            }
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InvalidParameterValue)
        {
            PostgresLog.UnknownTransaction(logger);
            return null;
        }
        catch (NpgsqlException error)
        {
            PostgresLog.TransactionNotLookedUp(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
            return new Fence(transactionId, BootMark.Unknown, IsCommitted: false);
        }
    }
}
