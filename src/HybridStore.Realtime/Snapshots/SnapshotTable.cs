using HybridStore.Realtime.Registration;
using Npgsql;

namespace HybridStore.Realtime.Snapshots;

/// <summary>The rows of one application's snapshots.</summary>
/// <param name="root">Where they are.</param>
/// <param name="store">Whose.</param>
internal sealed class SnapshotTable(RealtimeRoot root, string store)
{
    private readonly string _schema = root.Schema.Quoted;

    /// <summary>Begins a transaction in which nobody else writes snapshots.</summary>
    public async Task<SnapshotTransaction> BeginAsync(TimeSpan? history, CancellationToken cancellationToken)
    {
        var connection = await root.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            var began = new SnapshotTransaction(connection, transaction, _schema, store, history is not null);
            await began.LockAsync(cancellationToken).ConfigureAwait(false);
            return began;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes the snapshot that is due this instance's own, unless another was first; also one that another has begun and not been seen at
    /// since.</summary>
    /// <param name="interval">How often one is due.</param>
    /// <param name="patience">For how long an instance that takes one may not be seen.</param>
    /// <param name="isOurs">Whether the last one is this instance's and has failed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Null if it is ours; otherwise how long it is until the next may be. Before the first of all an interval passes too.</returns>
    public async Task<TimeSpan?> ClaimAsync(TimeSpan interval, TimeSpan patience, bool isOurs, CancellationToken cancellationToken)
    {
        var command = root.DataSource.CreateCommand(
            $"""
            with claimed as (
              insert into {_schema}.snapshot_run as run (store, began_at) values ($1, clock_timestamp())
              on conflict (store) do update set
                began_at = case when run.began_at <= excluded.began_at - $2 then excluded.began_at else run.began_at end,
                seen_at = excluded.began_at
              where run.began_at <= excluded.began_at - $2 or run.seen_at <= excluded.began_at - $3 or $4
              returning xmax <> 0 as is_due)
            select case when (select is_due from claimed) then null
              else coalesce(
                (select greatest(least(began_at + $2, seen_at + $3) - clock_timestamp(), interval '0') from {_schema}.snapshot_run where store = $1),
                $2)
              end
            """);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store });
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = interval });
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = patience });
            command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = isOurs });
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as TimeSpan?;
        }
    }

    /// <summary>The snapshot that was claimed has been taken.</summary>
    public async Task EndTurnAsync(CancellationToken cancellationToken)
    {
        var command = root.DataSource.CreateCommand($"update {_schema}.snapshot_run set seen_at = null where store = $1");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What has expired, and what is too old for the history.</summary>
    public async Task PruneAsync(TimeSpan? history, CancellationToken cancellationToken)
    {
        // Of what is expired a little is left: Redis may have let a structure live on, and the next snapshot knows.
        var expired = root.DataSource.CreateCommand(
            $"delete from {_schema}.snapshot where store = $1 and expires_at < now() - interval '1 hour'");
        await using (expired.ConfigureAwait(false))
        {
            expired.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store });
            await expired.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        var old = root.DataSource.CreateCommand(
            $"delete from {_schema}.snapshot_history where store = $1 and taken_at < now() - $2");
        await using (old.ConfigureAwait(false))
        {
            old.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store });
            old.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = history ?? TimeSpan.Zero });
            await old.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads what is to be put back, chunk by chunk, all as of one moment: nothing if there is no snapshot, or it has expired.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="name">Which one.</param>
    /// <param name="take">Is given how long it lasts, null for ever, and some of the entries, none if it has none.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task LoadAsync(
        string kind, string name, Func<TimeSpan?, List<SnapshotEntry>, Task> take, CancellationToken cancellationToken)
    {
        var command = root.DataSource.CreateCommand(
            $"""
            select s.expires_at - now(), e.field, e.score, e.value
            from {_schema}.snapshot s left join {_schema}.snapshot_entry e on e.snapshot_id = s.id
            where s.store = $1 and s.kind = $2 and s.name = $3 and (s.expires_at is null or s.expires_at > now())
            """);
        await using (command.ConfigureAwait(false))
        {
            foreach (var value in (string[])[store, kind, name])
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            }

            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var chunk = new List<SnapshotEntry>(SnapshotKind.ChunkSize);
                TimeSpan? left = null;
                var any = false;
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    any = true;
                    left = LeftOf(reader);
                    if (EntryOf(reader) is { } entry)
                    {
                        chunk.Add(entry);
                    }

                    if (chunk.Count == SnapshotKind.ChunkSize)
                    {
                        await take(left, chunk).ConfigureAwait(false);
                        chunk = new List<SnapshotEntry>(SnapshotKind.ChunkSize);
                    }
                }

                if (any)
                {
                    await take(left, chunk).ConfigureAwait(false);
                }
            }
        }
    }

    private static TimeSpan? LeftOf(NpgsqlDataReader row) => row.IsDBNull(0) ? null : row.GetFieldValue<TimeSpan>(0);

    /// <summary>Null for the row of a structure that has none.</summary>
    private static SnapshotEntry? EntryOf(NpgsqlDataReader row) => row.IsDBNull(1)
        ? null
        : new SnapshotEntry(
            row.GetFieldValue<byte[]>(1), row.IsDBNull(2) ? null : row.GetDouble(2), row.IsDBNull(3) ? null : row.GetFieldValue<byte[]>(3));
}
