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

    private static CommandDefinition Command(
        NpgsqlTransaction? transaction, string sql, object? parameters, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ThrowIfMisplaced(parameters);
        return new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken);
    }
}
