using Dapper;
using HybridStore.Fencing;
using Npgsql;

namespace HybridStore.Postgres;

/// <summary>
/// A load's first statement, in one round trip with the stamp that goes before it. Each statement of such a pair takes a snapshot of its
/// own (or, at higher isolation levels, both share the first), so that the stamp is never newer than what the load reads.
/// </summary>
internal static class StampedStatement
{
    public static async Task<T?> QuerySingleOrDefaultAsync<T>(
        NpgsqlConnection connection, LoadStamp stamp, string sql, object? parameters, CancellationToken cancellationToken)
    {
        var results = await SendAsync(connection, stamp, sql, parameters, cancellationToken).ConfigureAwait(false);
        await using (results.ConfigureAwait(false))
        {
            return await results.ReadSingleOrDefaultAsync<T>().ConfigureAwait(false);
        }
    }

    public static async Task<IReadOnlyList<T>> QueryAsync<T>(
        NpgsqlConnection connection, LoadStamp stamp, string sql, object? parameters, CancellationToken cancellationToken)
    {
        var results = await SendAsync(connection, stamp, sql, parameters, cancellationToken).ConfigureAwait(false);
        await using (results.ConfigureAwait(false))
        {
            return (await results.ReadAsync<T>().ConfigureAwait(false)).AsList();
        }
    }

    public static async Task<T?> ExecuteScalarAsync<T>(
        NpgsqlConnection connection, LoadStamp stamp, string sql, object? parameters, CancellationToken cancellationToken)
    {
        var results = await SendAsync(connection, stamp, sql, parameters, cancellationToken).ConfigureAwait(false);
        await using (results.ConfigureAwait(false))
        {
            return await results.ReadFirstOrDefaultAsync<T>().ConfigureAwait(false);
        }
    }

    private static async Task<SqlMapper.GridReader> SendAsync(
        NpgsqlConnection connection, LoadStamp stamp, string sql, object? parameters, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        var results = await connection.QueryMultipleAsync(
            Statement.Command(null, $"{LoadStamp.Sql};\n{sql}", parameters, cancellationToken)).ConfigureAwait(false);
        try
        {
            var (snapshot, inRecovery, statisticsBegan) = await results.ReadSingleAsync<(string, bool, DateTime?)>().ConfigureAwait(false);
            stamp.Add(snapshot, inRecovery, BootMark.Of(statisticsBegan, inRecovery));
            return results;
        }
        catch
        {
            // A statement that fails is noticed here, and the load may go on: the connection must be free for its next one.
            await results.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
