using Npgsql;
using NpgsqlTypes;

namespace HybridStore.Realtime.Snapshots;

/// <summary>A transaction that writes snapshots, one at a time among all instances. What is not committed is undone.</summary>
internal sealed class SnapshotTransaction(
    NpgsqlConnection connection, NpgsqlTransaction transaction, string schema, string store, bool hasHistory) : IAsyncDisposable
{
    private const int RowsPerStatement = 5000;

    /// <summary>Waits until nobody else writes. In the transaction and not the session: it goes with it, also behind a pooler.</summary>
    public async Task LockAsync(CancellationToken cancellationToken)
    {
        var command = NewCommand("select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"HybridStore.Realtime.Snapshots:{schema}:{store}" });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Which of some structures have a snapshot that has not expired, as kind and name.</summary>
    public async Task<HashSet<(string Kind, string Name)>> KnownAsync(
        IReadOnlyCollection<(string Kind, string Name)> structures, CancellationToken cancellationToken)
    {
        var command = NewCommand(
            $"""
            select s.kind, s.name from {schema}.snapshot s join unnest($2, $3) as t (kind, name) on s.kind = t.kind and s.name = t.name
            where s.store = $1 and (s.expires_at is null or s.expires_at > now())
            """);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. structures.Select(structure => structure.Kind)] });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. structures.Select(structure => structure.Name)] });
            var known = new HashSet<(string, string)>();
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    known.Add(NameOf(reader));
                }
            }

            return known;
        }
    }

    /// <summary>The members or fields that the last snapshot of a structure has, expired or not.</summary>
    public async Task<List<byte[]>> FieldsOfAsync(string kind, string name, CancellationToken cancellationToken)
    {
        var command = NewCommand(
            $"""
            select e.field from {schema}.snapshot s join {schema}.snapshot_entry e on e.snapshot_id = s.id
            where s.store = $1 and s.kind = $2 and s.name = $3
            """);
        await using (command.ConfigureAwait(false))
        {
            AddNames(command, kind, name);
            var fields = new List<byte[]>();
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    fields.Add(FieldOf(reader));
                }
            }

            return fields;
        }
    }

    /// <summary>The digest that the last snapshot of a tracked structure has left; null if there is none, or it has expired.</summary>
    public async Task<byte[]?> DigestOfAsync(string kind, string name, CancellationToken cancellationToken)
    {
        var command = NewCommand(
            $"select digest from {schema}.snapshot where store = $1 and kind = $2 and name = $3 and (expires_at is null or expires_at > now())");
        await using (command.ConfigureAwait(false))
        {
            AddNames(command, kind, name);
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as byte[];
        }
    }

    /// <summary>Writes what has changed; rows that are as they were are not touched.</summary>
    /// <returns>How many entries were written, and how many removed.</returns>
    public async Task<(long Written, long Removed)> WriteAsync(
        IReadOnlyCollection<ChangedStructure> structures, CancellationToken cancellationToken)
    {
        await WriteHeadersAsync(structures, cancellationToken).ConfigureAwait(false);
        var (written, removed) = (0L, 0L);
        foreach (var rows in structures
            .SelectMany(structure => structure.Entries.Select(entry => (structure.Kind, structure.Name, Entry: entry)))
            .Chunk(RowsPerStatement))
        {
            var (put, gone) = await WriteEntriesAsync(rows, cancellationToken).ConfigureAwait(false);
            (written, removed) = (written + put, removed + gone);
        }

        return (written, removed);
    }

    /// <summary>Commits, and shows that whoever has the turn is at it.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        var command = NewCommand($"update {schema}.snapshot_run set seen_at = clock_timestamp() where store = $1 and seen_at is not null");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WriteHeadersAsync(IReadOnlyCollection<ChangedStructure> structures, CancellationToken cancellationToken)
    {
        var command = NewCommand(
            $"""
            insert into {schema}.snapshot (store, kind, name, taken_at, expires_at, digest)
            select $1, kind, name, now(), now() + remaining, digest from unnest($2, $3, $4, $5) as t (kind, name, remaining, digest)
            on conflict (store, kind, name) do update
              set taken_at = excluded.taken_at, expires_at = excluded.expires_at, digest = excluded.digest
            """);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. structures.Select(structure => structure.Kind)] });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. structures.Select(structure => structure.Name)] });
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = structures.Select(structure => structure.Left).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Interval,
            });
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = structures.Select(structure => structure.Digest).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
            });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(long Written, long Removed)> WriteEntriesAsync(
        (string Kind, string Name, SnapshotEntry Entry)[] rows, CancellationToken cancellationToken)
    {
        var command = NewCommand(
            $"""
            with given as (
              select s.id, t.field, t.score, t.value
              from unnest($2, $3, $4, $5, $6) as t (kind, name, field, score, value)
              join {schema}.snapshot s on s.store = $1 and s.kind = t.kind and s.name = t.name),
            gone as (
              delete from {schema}.snapshot_entry e using given g
              where e.snapshot_id = g.id and e.field = g.field and g.score is null and g.value is null
              returning e.snapshot_id, e.field),
            put as (
              insert into {schema}.snapshot_entry as e (snapshot_id, field, score, value)
              select id, field, score, value from given where score is not null or value is not null
              on conflict (snapshot_id, field) do update set score = excluded.score, value = excluded.value
                where e.score is distinct from excluded.score or e.value is distinct from excluded.value
              returning e.snapshot_id, e.field, e.score, e.value)
              {(hasHistory ? HistoryClause : "")}
            select (select count(*) from put), (select count(*) from gone)
            """);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(row => row.Kind)] });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(row => row.Name)] });
            command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. rows.Select(row => row.Entry.Field)] });
            command.Parameters.Add(new NpgsqlParameter<double?[]> { TypedValue = [.. rows.Select(row => row.Entry.Score)] });
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = rows.Select(row => row.Entry.Value).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
            });
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                return CountsOf(reader);
            }
        }
    }

    private string HistoryClause =>
        $"""
        , history as (
          insert into {schema}.snapshot_history (store, kind, name, field, score, value, taken_at)
          select $1, s.kind, s.name, c.field, c.score, c.value, now()
          from (select * from put union all select snapshot_id, field, null, null from gone) c
          join {schema}.snapshot s on s.id = c.snapshot_id)
        """;

    private static (string Kind, string Name) NameOf(NpgsqlDataReader row) => (row.GetString(0), row.GetString(1));

    private static byte[] FieldOf(NpgsqlDataReader row) => row.GetFieldValue<byte[]>(0);

    private static (long Written, long Removed) CountsOf(NpgsqlDataReader row) => (row.GetInt64(0), row.GetInt64(1));

    private NpgsqlCommand NewCommand(string text) => new(text, connection, transaction);

    private void AddNames(NpgsqlCommand command, string kind, string name)
    {
        foreach (var value in (string[])[store, kind, name])
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        }
    }
}
