using Dapper;
using HybridStore.Fencing;
using Npgsql;

namespace HybridStore.Postgres;

/// <summary>The statements of loads and writes, mapped by Dapper. Dapper's global settings are never touched.</summary>
internal static class Statement
{
    public static Task<int> ExecuteAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, object? parameters, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command(transaction, sql, parameters, cancellationToken));

    public static Task<T?> QuerySingleOrDefaultAsync<T>(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, object? parameters, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<T>(Command(transaction, sql, parameters, cancellationToken));

    public static async Task<IReadOnlyList<T>> QueryAsync<T>(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, object? parameters, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<T>(Command(transaction, sql, parameters, cancellationToken)).ConfigureAwait(false);
        return rows.AsList();
    }

    public static Task<T?> ExecuteScalarAsync<T>(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, object? parameters, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<T>(Command(transaction, sql, parameters, cancellationToken));

    /// <summary>Stamps a connection of a pool before it is handed out.</summary>
    public static async Task StampAsync(NpgsqlConnection connection, LoadStamp stamp, CancellationToken cancellationToken)
    {
        var (snapshot, inRecovery, statisticsBegan) = await connection.QuerySingleAsync<(string, bool, DateTime?)>(
            Command(null, LoadStamp.Sql, null, cancellationToken)).ConfigureAwait(false);
        stamp.Add(snapshot, inRecovery, BootMark.Of(statisticsBegan, inRecovery));
    }

    /// <summary>Stamps a connection that may be in a transaction. Inside one that reads a fixed snapshot the load could be older than its
    /// lease, and inside one that has written it sees what may never be committed: what is read there is not stored.</summary>
    public static async Task StampForeignAsync(NpgsqlConnection connection, LoadStamp stamp, CancellationToken cancellationToken)
    {
        // Two statements with a barrier between them are two transactions, which began at different times, unless both are inside one.
        var batch = new NpgsqlBatch(connection)
        {
            EnableErrorBarriers = true,
            BatchCommands = { new($"{LoadStamp.Sql}, transaction_timestamp()"), new("SELECT transaction_timestamp()") },
        };
        await using (batch.ConfigureAwait(false))
        {
            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var (snapshot, inRecovery) = (reader.GetString(0), reader.GetBoolean(1));
                var statisticsBegan = await reader.GetFieldValueAsync<DateTime?>(2, cancellationToken).ConfigureAwait(false);
                var beganAt = reader.GetDateTime(3);
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (reader.GetDateTime(0) == beganAt)
                {
                    stamp.MarkFromTransaction();
                }
                else
                {
                    stamp.Add(snapshot, inRecovery, BootMark.Of(statisticsBegan, inRecovery));
                }
            }
        }
    }

    /// <summary>Any object can be parameters, so the compiler does not notice an argument that was meant for a place further
    /// on.</summary>
    /// <exception cref="ArgumentException">A token or options.</exception>
    public static void ThrowIfMisplaced(object? parameters)
    {
        var name = parameters switch
        {
            CancellationToken => "cancellationToken",
            EntryOptions => "options",
            _ => null,
        };
        if (name is not null)
        {
            throw new ArgumentException(
                $"The parameters of a statement must not be the {name}: pass it by name, as in \"{name}: ...\".", nameof(parameters));
        }
    }

    /// <exception cref="ArgumentException">There is no text, or the parameters are none.</exception>
    public static void ThrowIfInvalid(string sql, object? parameters)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ThrowIfMisplaced(parameters);
    }

    internal static CommandDefinition Command(
        NpgsqlTransaction? transaction, string sql, object? parameters, CancellationToken cancellationToken)
    {
        ThrowIfInvalid(sql, parameters);
        return new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken);
    }
}
