using Dapper;
using Npgsql;

namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>Rows behind a slow query, which numbers itself by a sequence: exact across processes, and whatever becomes of the load.</summary>
internal static class ColdItemTable
{
    /// <summary>One row by its primary key, parameter <c>id</c>. Counted before it sleeps.</summary>
    public const string ById =
        "select nextval('loads') as load, id, name || pg_sleep(0.2)::text as name from item where id = @id";

    public static async Task CreateAsync(NpgsqlDataSource dataSource, int rows)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            create sequence loads;
            create table item (id int primary key, name text not null);
            insert into item select id, 'item ' || id from generate_series(1, @rows) as id;
            """,
            new { rows });
    }

    /// <summary>How many loads have begun so far.</summary>
    public static async Task<long> CountAsync(NpgsqlDataSource dataSource)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("select case when is_called then last_value else 0 end from loads");
    }

    public static async Task<ColdItem> LoadAsync(NpgsqlDataSource dataSource, int id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<ColdItem>(
            new CommandDefinition(ById, new { id }, cancellationToken: cancellationToken));
    }
}
