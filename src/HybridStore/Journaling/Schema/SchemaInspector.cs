using HybridStore.Journaling.Watching;
using Npgsql;

namespace HybridStore.Journaling.Schema;

/// <summary>Looks whether what the application needs is installed.</summary>
internal sealed class SchemaInspector(SchemaScript script)
{
    private const string Remedy =
        "Run what HybridStoreSchema.GetInstallScript writes as the owner of the tables, or set Journal.InstallAtStart.";

    // A table and all that holds rows of it must carry the four triggers.
    private readonly string _tableQuery =
        $"""
        with recursive family (relation) as (
            select to_regclass($1)::oid
            union
            select inhrelid from pg_catalog.pg_inherits join family on inhparent = relation)
        select
            to_regclass($1) is not null,
            watched.definition = $2::jsonb,
            array(
                select relation::regclass::text from family
                where 4 <> (
                    select count(*) from pg_catalog.pg_trigger
                    where tgrelid = relation and tgenabled = 'A'
                        and tgname = any (array(
                            select ($3 || '_' || watched.id || '_' || operation)::name
                            from unnest(array['insert', 'update', 'delete', 'truncate']) as operation)))
                order by 1)
        from (select) as one
        left join {script.QuotedSchema}.watched on watched.relation = to_regclass($1)
        """;

    /// <returns>The tables whose definitions differ from those installed.</returns>
    /// <exception cref="InvalidOperationException">Something is missing; the message says what, and how to get it.</exception>
    public async Task<IReadOnlyList<TableName>> CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await CheckVersionAsync(connection, cancellationToken).ConfigureAwait(false);
            var different = new List<TableName>();
            foreach (var table in script.Watched)
            {
                if (!await CheckTableAsync(connection, table, cancellationToken).ConfigureAwait(false))
                {
                    different.Add(table.Name);
                }
            }

            return different;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InvalidOperationException(
                $"The user of PostgreSQL may not use the schema {script.QuotedSchema}, by which it tells the cache what has changed ({error.MessageText}). "
                + "Run what HybridStoreSchema.GetInstallScript writes for this user as the owner of the tables.",
                error);
        }
    }

    private async Task CheckVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        int version;
        try
        {
            var command = new NpgsqlCommand($"select version from {script.QuotedSchema}.state", connection);
            await using (command.ConfigureAwait(false))
            {
                version = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as int? ?? 0;
            }
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new InvalidOperationException(
                $"The database lacks the schema {script.QuotedSchema}, by which PostgreSQL tells the cache what has changed. {Remedy}", error);
        }

        if (version != SchemaScript.Version)
        {
            throw new InvalidOperationException(
                $"The schema {script.QuotedSchema} has version {version}, and this release of HybridStore works with version {SchemaScript.Version}. "
                + (version < SchemaScript.Version ? Remedy : "Use the newer release that has installed it."));
        }
    }

    /// <summary>Whether the definition is the one that is installed.</summary>
    private async Task<bool> CheckTableAsync(NpgsqlConnection connection, WatchedTable table, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(_tableQuery, connection)
        {
            Parameters =
            {
                new() { Value = table.Name.ToString() },
                new() { Value = script.DefinitionOf(table) },
                new() { Value = script.NamePrefix },
            },
        };
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (!reader.GetBoolean(0))
                {
                    throw new InvalidOperationException(
                        $"There is no table {table.Name}, which is to be watched: create it, and name its schema unless it is on the search_path.");
                }

                if (await reader.IsDBNullAsync(1, cancellationToken).ConfigureAwait(false))
                {
                    throw new InvalidOperationException(
                        $"The table {table.Name} is not watched in the schema {script.QuotedSchema}, so what is changed in it is not seen. {Remedy}");
                }

                var bare = await reader.GetFieldValueAsync<string[]>(2, cancellationToken).ConfigureAwait(false);
                return bare.Length == 0
                    ? reader.GetBoolean(1)
                    : throw new InvalidOperationException(
                        $"Triggers are missing on {string.Join(", ", bare)}, so what is changed there is not seen. {Remedy}");
            }
        }
    }
}
