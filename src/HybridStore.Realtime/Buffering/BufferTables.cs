using Npgsql;
using NpgsqlTypes;

namespace HybridStore.Realtime.Buffering;

/// <summary>What a buffer keeps in PostgreSQL (buffers.sql): which calls are written. Safe to use from any thread.</summary>
internal sealed class BufferTables(RealtimeSchema schema, string buffer)
{
    /// <summary>For how long it is known of a call that it is written, after its process's last one: as long as a Redis that is restored could
    /// bring it back.</summary>
    public static readonly TimeSpan CallsAreRememberedFor = TimeSpan.FromDays(30);

    /// <summary>Redis, which counts from about the same time, forgets first.</summary>
    private static readonly TimeSpan PurgedAfter = CallsAreRememberedFor + TimeSpan.FromDays(1);

    // A machine that is gone, or a process that stands still, must not keep the partition's row for long.
    private const string Bounds =
        """
        select set_config('idle_in_transaction_session_timeout', '30s', true), set_config('tcp_keepalives_idle', '5', true),
          set_config('tcp_keepalives_interval', '2', true), set_config('tcp_keepalives_count', '3', true),
          set_config('tcp_user_timeout', '30s', true)
        """;

    private string Progress { get; } = $"{schema.Quoted}.buffer_progress";

    private string Producers { get; } = $"{schema.Quoted}.buffer_producer";

    private string DirectCalls { get; } = $"{schema.Quoted}.buffer_direct_call";

    /// <summary>Waits until nobody else writes the partition, keeps it until the transaction ends, and tells which calls are written.</summary>
    public async Task<WrittenCalls> LockAsync(
        NpgsqlConnection connection, int partition, Guid[] producers, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(Bounds),
                OfPartition(
                    $"insert into {Progress} (buffer, partition) values ($1, $2) on conflict (buffer, partition) do update set buffer = excluded.buffer",
                    partition),

                // A statement of its own, after the lock: with what those have committed who had it before.
                OfProducers(
                    $"""
                    select producer, call, false from {Producers} where buffer = $1 and partition = $2 and producer = any($3)
                    union all
                    select producer, call, true from {DirectCalls} where buffer = $1 and partition = $2 and producer = any($3)
                    """,
                    partition,
                    producers),
            },
        };
        var written = new WrittenCalls();
        await using (batch.ConfigureAwait(false))
        {
            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    written.Add(reader.GetGuid(0), reader.GetInt64(1), isDirect: reader.GetBoolean(2));
                }
            }
        }

        return written;
    }

    /// <summary>Says of the calls of a batch that they are written; with the transaction.</summary>
    /// <param name="connection">The transaction's.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="lastEntry">The last entry's id.</param>
    /// <param name="rows">How many rows the batch has brought.</param>
    /// <param name="written">The last call of each process.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task AdvanceAsync(
        NpgsqlConnection connection, int partition, string lastEntry, long rows, WrittenCalls written, CancellationToken cancellationToken)
    {
        var (producers, calls) = written.Last();
        var progress = OfPartition(
            $"update {Progress} set last_entry = $3, written_rows = written_rows + $4, written_at = now() where buffer = $1 and partition = $2",
            partition);
        progress.Parameters.Add(new NpgsqlParameter<string> { TypedValue = lastEntry });
        progress.Parameters.Add(new NpgsqlParameter<long> { TypedValue = rows });
        var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                progress,
                OfCalls(
                    $"""
                    insert into {Producers} as known (buffer, partition, producer, call) select $1, $2, * from unnest($3, $4)
                    on conflict (buffer, partition, producer) do update set call = greatest(known.call, excluded.call), written_at = now()
                    """,
                    partition,
                    producers,
                    calls),
            },
        };
        if (written.HasDirectCalls)
        {
            batch.BatchCommands.Add(OfCalls(
                $"""
                delete from {DirectCalls} direct using unnest($3, $4) last (producer, call)
                where direct.buffer = $1 and direct.partition = $2 and direct.producer = last.producer and direct.call <= last.call
                """,
                partition,
                producers,
                calls));
        }

        await using (batch.ConfigureAwait(false))
        {
            await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says of a call that it is written past the stream; with the transaction.</summary>
    public async Task AddDirectCallAsync(NpgsqlConnection connection, int partition, BufferEntry entry, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                OfCalls(
                    $"insert into {DirectCalls} (buffer, partition, producer, call) select $1, $2, * from unnest($3, $4)",
                    partition,
                    [entry.Producer],
                    [entry.Call]),
            },
        };
        await using (batch.ConfigureAwait(false))
        {
            await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Up to which call of a process the partitions are written.</summary>
    public async Task<Dictionary<int, long>> WrittenOfAsync(
        NpgsqlDataSource dataSource, Guid producer, CancellationToken cancellationToken)
    {
        var written = new Dictionary<int, long>();
        var command = dataSource.CreateCommand($"select partition, call from {Producers} where buffer = $1 and producer = $2");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = buffer });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = producer });
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    written.Add(reader.GetInt32(0), reader.GetInt64(1));
                }
            }
        }

        return written;
    }

    /// <summary>Forgets processes that have appended nothing for long.</summary>
    public async Task PurgeAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        foreach (var table in (string[])[Producers, DirectCalls])
        {
            var command = dataSource.CreateCommand($"delete from {table} where buffer = $1 and written_at < now() - $2");
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = buffer });
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = PurgedAfter });
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>How many rows the workers have written.</summary>
    public async Task<long> CountWrittenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var command = dataSource.CreateCommand($"select coalesce(sum(written_rows), 0)::bigint from {Progress} where buffer = $1");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = buffer });
            return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    private NpgsqlBatchCommand OfPartition(string sql, int partition)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = buffer });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = partition });
        return command;
    }

    private NpgsqlBatchCommand OfProducers(string sql, int partition, Guid[] producers)
    {
        var command = OfPartition(sql, partition);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = producers, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        return command;
    }

    private NpgsqlBatchCommand OfCalls(string sql, int partition, Guid[] producers, long[] calls)
    {
        var command = OfProducers(sql, partition, producers);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = calls, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        return command;
    }
}
