using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>A direct connection of its own to PostgreSQL, whose advisory locks tell which partitions this process writes; they end with it. They
/// keep workers out of each other's way: that nothing is written twice is seen to by each transaction. Not thread-safe.</summary>
internal sealed class ClaimSession : IAsyncDisposable
{
    private const int MembersKey = 0;

    private readonly NpgsqlConnection _connection;
    private readonly int _lockSpace;

    private ClaimSession(NpgsqlConnection connection, int lockSpace) => (_connection, _lockSpace) = (connection, lockSpace);

    /// <summary>Connects. A host that is gone is noticed within seconds by both ends: another can take over.</summary>
    /// <exception cref="InvalidOperationException">It is a standby, or a pooler stands between.</exception>
    public static async Task<ClaimSession> OpenAsync(
        NpgsqlDataSource dataSource, string? connectionString, int lockSpace, CancellationToken cancellationToken)
    {
        var template = dataSource.CreateConnection();
        await using (template.ConfigureAwait(false))
        {
            var connection = connectionString is null
                ? await template.CloneWithAsync(Direct(template.ConnectionString), cancellationToken).ConfigureAwait(false)
                : new NpgsqlConnection(Direct(connectionString));
            try
            {
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
                var session = new ClaimSession(connection, lockSpace);
                await session.PrepareAsync(cancellationToken).ConfigureAwait(false);
                return session;
            }
            catch
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>How many processes work on the buffer.</summary>
    public async Task<int> CountMembersAsync(CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(
            """
            select count(*)::integer from pg_locks
            where locktype = 'advisory' and objsubid = 2 and classid::bigint = $1 and objid = 0 and mode = 'ShareLock' and granted
              and database = (select oid from pg_database where datname = current_database())
            """,
            _connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (uint)_lockSpace });
            return (int)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    public Task<bool> TryClaimAsync(int partition, CancellationToken cancellationToken) =>
        LockAsync("pg_try_advisory_lock", partition + 1, cancellationToken);

    public Task ReleaseAsync(int partition, CancellationToken cancellationToken) =>
        LockAsync("pg_advisory_unlock", partition + 1, cancellationToken);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static string Direct(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        Multiplexing = false,
        Enlist = false,
        Timeout = 5,
        CommandTimeout = 10,
        TcpKeepAlive = true,
        TcpKeepAliveTime = 2,
        TcpKeepAliveInterval = 1,
        ApplicationName = "HybridStore buffer",
    }.ConnectionString;

    private async Task<bool> LockAsync(string function, int key, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand($"select {function}($1, $2)", _connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _lockSpace });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = key });
            return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select pg_is_in_recovery(), pg_backend_pid()", _connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (reader.GetBoolean(0))
                {
                    throw new InvalidOperationException(
                        "The workers of a write buffer are connected to a standby: name the primary in WorkerConnectionString, or add Target Session Attributes=primary.");
                }

                if (reader.GetInt32(1) != _connection.ProcessID)
                {
                    throw new InvalidOperationException(
                        "The workers of a write buffer are connected through a pooler, which would give their locks to somebody else: name the server itself in WorkerConnectionString.");
                }
            }
        }

        // A process that stands still is thrown out: another takes its partitions over.
        var settings = new NpgsqlCommand(
            """
            set idle_session_timeout = '10s';
            set tcp_keepalives_idle = 2;
            set tcp_keepalives_interval = 1;
            set tcp_keepalives_count = 3;
            set tcp_user_timeout = '10s';
            """,
            _connection);
        await using (settings.ConfigureAwait(false))
        {
            await settings.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        await LockAsync("pg_try_advisory_lock_shared", MembersKey, cancellationToken).ConfigureAwait(false);
    }
}
