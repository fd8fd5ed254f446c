using System.Runtime.CompilerServices;
using HybridStore.Fencing;
using Npgsql;
using NpgsqlTypes;

namespace HybridStore.Journaling;

/// <summary>The session of one who leads or stands by: a direct connection of its own to the primary, which holds the leader's lock, hears the
/// doorbell and reads the journal. Whoever loses it leads no more. Not thread-safe.</summary>
internal sealed class JournalConnection : IAsyncDisposable
{
    private const int ConnectSeconds = 5;
    private const int CommandSeconds = 10;
    private const int MostPrepared = 20;

    private readonly NpgsqlConnection _connection;
    private readonly JournalNames _names;
    private readonly TimeProvider _timeProvider;
    private int _bells;

    private JournalConnection(NpgsqlConnection connection, JournalNames names, TimeProvider timeProvider)
    {
        (_connection, _names, _timeProvider) = (connection, names, timeProvider);
        connection.Notification += (_, _) => Interlocked.Increment(ref _bells);
    }

    /// <summary>Connects. A host that is gone is noticed within seconds by both ends, and a process that stands still is thrown out: another
    /// can take over.</summary>
    /// <param name="dataSource">Where to connect. It is not a connection of its pool: given back, that would keep lock and settings.</param>
    /// <param name="names">The schema.</param>
    /// <param name="longestSilence">For how long the session may do nothing.</param>
    /// <param name="timeProvider">Measures.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidOperationException">It is a standby, a pooler stands between, or the schema is not there.</exception>
    public static async Task<JournalConnection> OpenAsync(
        NpgsqlDataSource dataSource,
        JournalNames names,
        TimeSpan longestSilence,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        var template = dataSource.CreateConnection();
        await using (template.ConfigureAwait(false))
        {
            var connection = await template.CloneWithAsync(Direct(template.ConnectionString), cancellationToken).ConfigureAwait(false);
            try
            {
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
                var opened = new JournalConnection(connection, names, timeProvider);
                await opened.PrepareAsync(longestSilence, cancellationToken).ConfigureAwait(false);
                return opened;
            }
            catch
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>How often the bell has rung since the last call.</summary>
    public int TakeBells() => Interlocked.Exchange(ref _bells, 0);

    /// <summary>Tries to become the leader, for as long as the session lasts.</summary>
    public async Task<bool> TryLeadAsync(CancellationToken cancellationToken)
    {
        var command = Command($"SELECT pg_try_advisory_lock(hashtextextended('HybridStore listener ' || $1, 0))");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _names.Schema });
            return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    /// <summary>Waits for the bell.</summary>
    /// <returns>False if it has not rung.</returns>
    public async Task<bool> WaitForBellAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _bells) > 0)
        {
            return true;
        }

        // The client counts whole milliseconds, and takes none for no limit at all.
        return longest >= TimeSpan.FromMilliseconds(1) && await _connection.WaitAsync(longest, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says until when nobody needs to ring.</summary>
    /// <param name="awake">From now on; zero: ring from now on. Null: never ring.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task PublishAsync(TimeSpan? awake, CancellationToken cancellationToken)
    {
        var command = Command(
            $"SELECT setval($1::regclass, CASE WHEN $2 IS NULL THEN {long.MaxValue} ELSE (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $2 END)");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _names.Bell });
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = awake is { } time ? (long)time.TotalMicroseconds : DBNull.Value,
                NpgsqlDbType = NpgsqlDbType.Bigint,
            });
            await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>An id that is larger than all that have been given out.</summary>
    public async Task<ulong> TakeTransactionIdAsync(CancellationToken cancellationToken)
    {
        var command = Command("SELECT pg_current_xact_id()");
        await using (command.ConfigureAwait(false))
        {
            return (ulong)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    /// <summary>Looks into the journal: first what is known of the look itself, then what a snapshot has not seen and this one does. Ids are
    /// not committed in order, so it is the snapshot that tells what is new, and never a sequence.</summary>
    /// <param name="since">The snapshot; null where nothing but the look itself is asked for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<(JournalReading Reading, JournalRow? Row)> ReadAsync(
        SnapshotStamp? since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The time is a statement before the snapshot's: what had been committed by then can be seen.
        var batch = new NpgsqlBatch(_connection)
        {
            BatchCommands = { new("SELECT clock_timestamp()"), new(since is null ? LookSql() : RowsSql()) },
        };
        if (since is not null)
        {
            batch.BatchCommands[1].Parameters.Add(new NpgsqlParameter<ulong> { TypedValue = since.Xmax, NpgsqlDbType = NpgsqlDbType.Xid8 });
            batch.BatchCommands[1].Parameters.Add(
                new NpgsqlParameter<ulong[]> { TypedValue = since.Xip.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Xid8 });
        }

        await using (batch.ConfigureAwait(false))
        {
            var sentAt = _timeProvider.GetTimestamp();
            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var postgresTime = PostgresTime.MicrosecondsOf(reader.GetDateTime(0));
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var statisticsBegan = await reader.GetFieldValueAsync<DateTime?>(1, cancellationToken).ConfigureAwait(false);
                var reading = new JournalReading(
                    postgresTime,
                    SnapshotStamp.Parse(reader.GetString(0)),
                    BootMark.Of(statisticsBegan, inRecovery: false),
                    await reader.GetFieldValueAsync<ulong>(2, cancellationToken).ConfigureAwait(false),
                    sentAt);
                yield return (reading, null);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    yield return (reading, Row(reader));
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    // The reader has the whole row by now: nothing is waited for.
    private static JournalRow Row(NpgsqlDataReader reader) => new(
        reader.GetFieldValue<ulong>(2),
        PostgresTime.MicrosecondsOf(reader.GetDateTime(1)),
        reader.GetFieldValue<string[]>(3),
        reader.GetFieldValue<string[]>(4),
        reader.GetBoolean(5),
        reader.GetInt32(6));

    private string LookSql() =>
        $"SELECT pg_current_snapshot()::text, {BootMark.Sql}, purged_below FROM {_names.State}";

    // One statement, so that all parts have one snapshot. All branches have the columns of a row; the first is the look itself. The ids in
    // progress are all below the snapshot's end, so that no row comes twice.
    private string RowsSql() =>
        $"""
        SELECT pg_current_snapshot()::text, {BootMark.Sql}, purged_below, NULL::text[], NULL::text[], NULL::boolean, NULL::integer FROM {_names.State}
        UNION ALL
        SELECT NULL, written_at, xid, keys, tags, everything, skipped FROM {_names.Journal} WHERE xid >= $1
        UNION ALL
        SELECT NULL, written_at, xid, keys, tags, everything, skipped FROM {_names.Journal} WHERE xid = ANY($2)
        """;

    private static string Direct(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        Multiplexing = false,
        Enlist = false,
        Timeout = ConnectSeconds,
        CommandTimeout = CommandSeconds,
        TcpKeepAlive = true,
        TcpKeepAliveTime = 2,
        TcpKeepAliveInterval = 1,
        MaxAutoPrepare = MostPrepared,
        AutoPrepareMinUsages = 2,
        ApplicationName = "HybridStore listener",
    }.ConnectionString;

    private NpgsqlCommand Command(string sql) => new(sql, _connection);

    private async Task PrepareAsync(TimeSpan longestSilence, CancellationToken cancellationToken)
    {
        var command = Command("SELECT pg_is_in_recovery(), pg_backend_pid(), to_regclass($1) IS NOT NULL");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _names.Journal });
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                ThrowIfUnfit(reader.GetBoolean(0), reader.GetInt32(1) != _connection.ProcessID, reader.GetBoolean(2));
            }
        }

        // Every look has a snapshot of its own. There is one plan for the journal's statement, by its index, whatever the planner knows of its
        // size; without JIT, since a plan that is told to shun sequential scans looks so dear that it would be compiled, for a tenth of a
        // second, at every look. Silence, a peer that does not answer, and data that nobody takes end the session.
        var settings = Command(
            $"""
            SET default_transaction_isolation = 'read committed';
            SET enable_seqscan = off;
            SET jit = off;
            SET plan_cache_mode = force_generic_plan;
            SET max_parallel_workers_per_gather = 0;
            SET idle_session_timeout = {(long)longestSilence.TotalMilliseconds};
            SET tcp_keepalives_idle = 2;
            SET tcp_keepalives_interval = 1;
            SET tcp_keepalives_count = 3;
            SET tcp_user_timeout = {(long)longestSilence.TotalMilliseconds};
            LISTEN {_names.Channel};
            """);
        await using (settings.ConfigureAwait(false))
        {
            await settings.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void ThrowIfUnfit(bool isInRecovery, bool isPooled, bool hasJournal)
    {
        if (isInRecovery)
        {
            throw new InvalidOperationException(
                "The journal's listener is connected to a standby: name the primary in Journal.ListenerConnectionString, or add Target Session Attributes=primary.");
        }

        if (isPooled)
        {
            throw new InvalidOperationException(
                "The journal's listener is connected through a pooler, which would give its lock and its notifications to somebody else: name the server itself in Journal.ListenerConnectionString.");
        }

        if (!hasJournal)
        {
            throw new InvalidOperationException(
                $"There is no journal in the schema {_names.Channel}: install it (HybridStoreSchema.GetInstallScript or InstallAsync), or set Journal.InstallAtStart.");
        }
    }
}
