using Dapper;
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

    private static CommandDefinition Command(
        NpgsqlTransaction? transaction, string sql, object? parameters, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        return new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken);
    }
}
