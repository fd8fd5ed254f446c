using Npgsql;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>The ways in which a load can read PostgreSQL.</summary>
public enum LoadPath
{
    /// <summary>A query method of the context.</summary>
    Query,

    /// <summary>The context's connection.</summary>
    OpenConnection,

    /// <summary>A connection of the application's own that the context has stamped.</summary>
    StampAsync,

    /// <summary>A connection that the context knows nothing of.</summary>
    Unstamped,
}

internal static class LoadPaths
{
    public static async ValueTask<T> ReadAsync<T>(
        this LoadPath path, string sql, NpgsqlDataSource own, LoadContext context, CancellationToken token)
    {
        if (path == LoadPath.Query)
        {
            return (await context.ExecuteScalarAsync<T>(sql, cancellationToken: token))!;
        }

        if (path == LoadPath.OpenConnection)
        {
            return await ScalarAsync<T>(sql, await context.OpenConnectionAsync(token), token);
        }

        await using var connection = await own.OpenConnectionAsync(token);
        if (path == LoadPath.StampAsync)
        {
            await context.StampAsync(connection, token);
        }

        return await ScalarAsync<T>(sql, connection, token);
    }

    public static async ValueTask<T> ScalarAsync<T>(string sql, NpgsqlConnection connection, CancellationToken token)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(token))!;
    }
}
