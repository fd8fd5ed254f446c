using Npgsql;
using NpgsqlTypes;

namespace HybridStore.Realtime.Buffering;

/// <summary>The rows of a buffer that could not be written. Safe to use from any thread.</summary>
internal sealed class DeadLetters(RealtimeSchema schema, string buffer)
{
    private string Table { get; } = $"{schema.Quoted}.buffer_dead_letter";

    /// <summary>Puts rows aside, with the transaction. What is there already stays.</summary>
    public async Task AddAsync(NpgsqlConnection connection, int partition, List<RefusedRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var command = new NpgsqlCommand(
            $"""
            insert into {Table} (buffer, partition, entry, row_number, payload, reason, sql_state)
            select $1, $2, * from unnest($3, $4, $5, $6, $7)
            on conflict (buffer, partition, entry, row_number) do nothing
            """,
            connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = buffer });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = partition });
            command.Parameters.Add(Array(rows.ConvertAll(row => row.Entry), NpgsqlDbType.Text));
            command.Parameters.Add(Array(rows.ConvertAll(row => row.Number), NpgsqlDbType.Integer));
            command.Parameters.Add(Array(rows.ConvertAll(row => row.Payload.ToArray()), NpgsqlDbType.Bytea));
            command.Parameters.Add(Array(rows.ConvertAll(row => row.Reason), NpgsqlDbType.Text));
            command.Parameters.Add(Array(rows.ConvertAll(row => row.SqlState), NpgsqlDbType.Text));
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyList<BufferDeadLetter>> ReadAsync(NpgsqlDataSource dataSource, int limit, CancellationToken cancellationToken)
    {
        var letters = new List<BufferDeadLetter>();
        var command = dataSource.CreateCommand($"select id, payload, reason, sql_state, at from {Table} where buffer = $1 order by id limit $2");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = buffer });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    letters.Add(new BufferDeadLetter
                    {
                        Id = reader.GetInt64(0),
                        Payload = await reader.GetFieldValueAsync<byte[]>(1, cancellationToken).ConfigureAwait(false),
                        Reason = reader.GetString(2),
                        SqlState = reader[3] as string,
                        At = await reader.GetFieldValueAsync<DateTimeOffset>(4, cancellationToken).ConfigureAwait(false),
                    });
                }
            }
        }

        return letters;
    }

    public async Task<long> CountAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var command = dataSource.CreateCommand($"select count(*) from {Table} where buffer = $1");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = buffer });
            return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    /// <summary>Takes the oldest out, with the transaction; those that others have in theirs are passed over.</summary>
    public async Task<List<(long Id, ReadOnlyMemory<byte> Payload)>> TakeAsync(
        NpgsqlConnection connection, int limit, CancellationToken cancellationToken)
    {
        var taken = new List<(long, ReadOnlyMemory<byte>)>();
        var command = new NpgsqlCommand(
            $"select id, payload from {Table} where buffer = $1 order by id limit $2 for update skip locked", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = buffer });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    taken.Add((reader.GetInt64(0), await reader.GetFieldValueAsync<byte[]>(1, cancellationToken).ConfigureAwait(false)));
                }
            }
        }

        return taken;
    }

    /// <summary>Removes letters whose rows are written now, and gives the others their new reasons; with the transaction.</summary>
    public async Task SettleAsync(NpgsqlConnection connection, List<long> written, List<(long Id, RefusedRow Row)> refused, CancellationToken cancellationToken)
    {
        var delete = new NpgsqlBatchCommand($"delete from {Table} where id = any($1)");
        delete.Parameters.Add(Array(written, NpgsqlDbType.Bigint));
        var update = new NpgsqlBatchCommand(
            $"""
            update {Table} letter set reason = again.reason, sql_state = again.sql_state, at = now()
            from unnest($1, $2, $3) again (id, reason, sql_state) where letter.id = again.id
            """);
        update.Parameters.Add(Array(refused.ConvertAll(letter => letter.Id), NpgsqlDbType.Bigint));
        update.Parameters.Add(Array(refused.ConvertAll(letter => letter.Row.Reason), NpgsqlDbType.Text));
        update.Parameters.Add(Array(refused.ConvertAll(letter => letter.Row.SqlState), NpgsqlDbType.Text));
        var batch = new NpgsqlBatch(connection) { BatchCommands = { delete, update } };
        await using (batch.ConfigureAwait(false))
        {
            await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static NpgsqlParameter<TItem[]> Array<TItem>(List<TItem> items, NpgsqlDbType type) =>
        new() { TypedValue = [.. items], NpgsqlDbType = NpgsqlDbType.Array | type };
}
