using HybridStore.Realtime.Registration;
using Npgsql;
using NpgsqlTypes;

namespace HybridStore.Realtime.Sessions;

/// <summary>The copies of sessions in PostgreSQL.</summary>
internal sealed class SessionCopy(RealtimeRoot root, string store, SessionStoreOptions options)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SessionCopyStatements _sql = new(root.Schema.Quoted);
    private readonly long _sliding = (long)options.SlidingExpiration.TotalMilliseconds;

    /// <summary>Writes a session down, unless what is there is newer or was revoked.</summary>
    /// <param name="state">The session.</param>
    /// <param name="isAhead">Whether Redis has not heard of it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>It by PostgreSQL's clock; null if it was not written.</returns>
    public Task<SessionState?> SaveAsync(SessionState state, bool isAhead, CancellationToken cancellationToken) => RunAsync(
        (copy: this, state, isAhead),
        static (call, connection, token) => call.copy.SaveAsync(connection, null, call.state, call.isAhead, token),
        cancellationToken);

    /// <summary>What is there of a session, revoked or not; null: nothing.</summary>
    public Task<(long Version, bool IsRevoked)?> StandingAsync(string handle, CancellationToken cancellationToken) => RunAsync(
        (copy: this, handle),
        static async (call, connection, token) =>
        {
            var command = call.copy.Command(call.copy._sql.Standing, connection, null, call.handle);
            await using (command.ConfigureAwait(false))
            {
                var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    return await reader.ReadAsync(token).ConfigureAwait(false)
                        ? (reader.GetInt64(0), reader.GetBoolean(1))
                        : default((long, bool)?);
                }
            }
        },
        cancellationToken);

    /// <summary>The session of an id.</summary>
    public Task<SessionState?> FindAsync(SessionName name, CancellationToken cancellationToken) => RunAsync(
        (copy: this, name),
        static async (call, connection, token) =>
        {
            var command = call.copy.Command(call.copy._sql.Find, connection, null, call.name.Handle);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(Bytes(call.name.Secret));
                return await ReadOneAsync(command, token).ConfigureAwait(false);
            }
        },
        cancellationToken);

    /// <summary>Puts the session of an id where it can be used, while nobody can revoke it.</summary>
    public Task<SessionState?> RestoreAsync(SessionName name, Func<SessionState, Task> put, CancellationToken cancellationToken) => RunAsync(
        (copy: this, name, put),
        static async (call, connection, token) =>
        {
            var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var command = call.copy.Command(call.copy._sql.FindAndHold, connection, transaction, call.name.Handle);
                await using (command.ConfigureAwait(false))
                {
                    command.Parameters.Add(Bytes(call.name.Secret));
                    if (await ReadOneAsync(command, token).ConfigureAwait(false) is not { } state)
                    {
                        return null;
                    }

                    await call.put(state).ConfigureAwait(false);
                    await transaction.CommitAsync(token).ConfigureAwait(false);
                    return state;
                }
            }
        },
        cancellationToken);

    /// <summary>Changes the session of an id for as long as Redis is away.</summary>
    /// <param name="name">The session.</param>
    /// <param name="barred">The secret of an id that is barred for the sake of this very change; null: none.</param>
    /// <param name="change">Tells what becomes of it; null: it stays as it is.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Whether there was one.</returns>
    public Task<bool> ChangeAsync(
        SessionName name, byte[]? barred, Func<SessionState, SessionState?> change, CancellationToken cancellationToken) => RunAsync(
        (copy: this, name, barred, change),
        static async (call, connection, token) =>
        {
            var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var command = call.copy.Command(call.copy._sql.FindForChange, connection, transaction, call.name.Handle);
                await using (command.ConfigureAwait(false))
                {
                    command.Parameters.Add(Bytes(call.name.Secret));
                    command.Parameters.Add(Bytes(call.barred));
                    if (await ReadOneAsync(command, token).ConfigureAwait(false) is not { } state)
                    {
                        return false;
                    }

                    if (call.change(state) is { } changed)
                    {
                        await call.copy.SaveAsync(connection, transaction, changed, isAhead: true, token).ConfigureAwait(false);
                    }
                }

                await transaction.CommitAsync(token).ConfigureAwait(false);
                return true;
            }
        },
        cancellationToken);

    /// <summary>Moves the end of a session on.</summary>
    public Task ExtendAsync(string handle, CancellationToken cancellationToken) =>
        ExecuteAsync(_sql.Extend, [Text(handle), Number(_sliding)], cancellationToken);

    /// <summary>Lets no session come back by an id that is about to be replaced.</summary>
    public Task BarAsync(SessionName name, CancellationToken cancellationToken) =>
        ExecuteAsync(_sql.Bar, [Text(name.Handle), Bytes(name.Secret)], cancellationToken);

    /// <summary>Writes down that a session is revoked, whatever is known of it here.</summary>
    public Task RevokeAsync(string handle, CancellationToken cancellationToken) =>
        ExecuteAsync(_sql.Revoke, [Text(handle), Text(store), Number(_sliding)], cancellationToken);

    /// <summary>Revokes a session that has this secret and this user, where they are given, and tells whether there was one.</summary>
    public async Task<bool> RevokeIfLiveAsync(string handle, byte[]? secret, string? userId, CancellationToken cancellationToken) =>
        await ExecuteAsync(
            _sql.RevokeIfLive,
            [Text(handle), Text(store), Number(_sliding), Bytes(secret), Text(userId)],
            cancellationToken).ConfigureAwait(false) > 0;

    /// <summary>Revokes all of a user's but one, and tells which there were.</summary>
    public Task<List<string>> RevokeAllAsync(string userId, string? exceptHandle, CancellationToken cancellationToken) => RunAsync(
        (copy: this, userId, exceptHandle),
        static async (call, connection, token) =>
        {
            var command = call.copy.Command(call.copy._sql.RevokeAll, connection, null, call.userId);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(Number(call.copy._sliding));
                command.Parameters.Add(Text(call.exceptHandle));
                var handles = new List<string>();
                var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    while (await reader.ReadAsync(token).ConfigureAwait(false))
                    {
                        handles.Add(reader.GetString(0));
                    }
                }

                return handles;
            }
        },
        cancellationToken);

    /// <summary>The sessions of a user.</summary>
    public Task<List<SessionState>> ListAsync(string userId, CancellationToken cancellationToken) => RunAsync(
        (copy: this, userId),
        static async (call, connection, token) =>
        {
            var command = call.copy.Command(call.copy._sql.List, connection, null, call.userId);
            await using (command.ConfigureAwait(false))
            {
                return (await ReadAllAsync(command, token).ConfigureAwait(false)).ConvertAll(row => row.State);
            }
        },
        cancellationToken);

    /// <summary>Some of those that Redis has not heard of, and whether they were revoked.</summary>
    public Task<List<(SessionState State, bool IsRevoked)>> ListAheadAsync(int limit, CancellationToken cancellationToken) => RunAsync(
        (copy: this, limit),
        static async (call, connection, token) =>
        {
            var command = new NpgsqlCommand(call.copy._sql.Ahead, connection) { Parameters = { Number(call.limit), Text(call.copy.Store) } };
            await using (command.ConfigureAwait(false))
            {
                return await ReadAllAsync(command, token).ConfigureAwait(false);
            }
        },
        cancellationToken);

    /// <summary>Writes down that Redis has heard of this, unless there is more by now.</summary>
    public Task SettleAsync(SessionState state, bool isRevoked, CancellationToken cancellationToken) => ExecuteAsync(
        _sql.Settle, [Text(state.Handle), Number(state.Version), new NpgsqlParameter<bool> { TypedValue = isRevoked }], cancellationToken);

    /// <summary>Writes down that Redis has heard of a revocation.</summary>
    public Task SettleRevokedAsync(string handle, CancellationToken cancellationToken) =>
        ExecuteAsync(_sql.SettleRevoked, [Text(handle)], cancellationToken);

    /// <summary>Removes sessions that have ended, and tells how many.</summary>
    public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) =>
        ExecuteAsync(_sql.Purge, [Number(limit), Text(store)], cancellationToken);

    private string Store => store;

    private static NpgsqlParameter Text(string? value) => value is null
        ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
        : new NpgsqlParameter<string> { TypedValue = value };

    private static NpgsqlParameter Bytes(byte[]? value) => value is null
        ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea }
        : new NpgsqlParameter<byte[]> { TypedValue = value };

    private static NpgsqlParameter Number(long? value) => value is { } number
        ? new NpgsqlParameter<long> { TypedValue = number }
        : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    private static async Task<SessionState?> ReadOneAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var rows = await ReadAllAsync(command, cancellationToken).ConfigureAwait(false);
        return rows.Count == 0 ? null : rows[0].State;
    }

    private static async Task<List<(SessionState State, bool IsRevoked)>> ReadAllAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var rows = new List<(SessionState, bool)>();
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                rows.Add((SessionRow.Read(reader), SessionRow.IsRevoked(reader)));
            }
        }

        return rows;
    }

    private NpgsqlCommand Command(string sql, NpgsqlConnection connection, NpgsqlTransaction? transaction, string first) =>
        new(sql, connection, transaction) { Parameters = { Text(first), Text(store) } };

    private async Task<SessionState?> SaveAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, SessionState state, bool isAhead, CancellationToken cancellationToken)
    {
        var command = Command(_sql.Save, connection, transaction, state.Handle);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(Bytes(state.Secret));
            command.Parameters.Add(Number(state.Version));
            command.Parameters.Add(Text(state.UserId));
            command.Parameters.Add(Text(state.Device));
            command.Parameters.Add(Number(state.CreatedAt - state.Now));
            command.Parameters.Add(Number(state.LastSeenAt - state.Now));
            command.Parameters.Add(Number(state.ExpiresAt - state.Now));
            command.Parameters.Add(Number(state.EndsAt - state.Now));
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. state.Fields.Keys] });
            command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. state.Fields.Values.Select(value => value.ToArray())] });
            command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = isAhead });
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is long now ? state.At(now) : null;
        }
    }

    private Task<int> ExecuteAsync(string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken) => RunAsync(
        (sql, parameters),
        static async (call, connection, token) =>
        {
            var command = new NpgsqlCommand(call.sql, connection);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.AddRange(call.parameters);
                return await command.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            }
        },
        cancellationToken);

    /// <exception cref="SessionStoreUnavailableException">PostgreSQL has failed, or did not answer in time.</exception>
    private async Task<T> RunAsync<TState, T>(
        TState state, Func<TState, NpgsqlConnection, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, root.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var connection = await root.DataSource.OpenConnectionAsync(either.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                return await run(state, connection, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Unavailable.Copy(error);
        }
    }
}
