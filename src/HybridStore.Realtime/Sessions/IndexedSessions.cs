using HybridStore.Resilience;

namespace HybridStore.Realtime.Sessions;

/// <summary>Sessions in Redis and the indexes of their users, in such an order that no session is there that its user's index does not know.
/// </summary>
internal sealed class IndexedSessions(RedisSessions sessions, UserSessions users, SessionStoreOptions options)
{
    private const int AtOnce = 64;

    private readonly long _sliding = (long)options.SlidingExpiration.TotalMilliseconds;

    /// <summary>Puts a whole session there, unless a version as new is. Where it is a new one of a user, <see cref="IsConfirmedAsync"/> is to
    /// follow.</summary>
    /// <param name="state">The session.</param>
    /// <param name="notAfter">Until when, by Redis's clock; null: at any time.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>It by Redis's clock; null if it was too late, or all of its user's are being revoked.</returns>
    public async ValueTask<RedisCallResult<SessionState?>> PutAsync(SessionState state, long? notAfter, CancellationToken cancellationToken)
    {
        if (state.UserId is { } userId)
        {
            var noted = await users.AddAsync(userId, state.Handle, state.IndexedFor(_sliding), cancellationToken).ConfigureAwait(false);
            if (!noted.TryGetValue(out var isNoted))
            {
                return noted.WithoutValue<SessionState?>();
            }

            if (!isNoted)
            {
                return RedisCallResult<SessionState?>.Ok(null);
            }
        }

        var put = await sessions.PutAsync(state, notAfter, cancellationToken).ConfigureAwait(false);
        return put.TryGetValue(out var answer)
            ? RedisCallResult<SessionState?>.Ok(answer.IsThere ? state.At(answer.Now) : null)
            : put.WithoutValue<SessionState?>();
    }

    /// <summary>Carries out a command. Where it gives the session a user, <see cref="IsConfirmedAsync"/> is to follow.</summary>
    public async ValueTask<RedisCallResult<SessionAnswer>> ApplyAsync(
        SessionName name, SessionCommand command, CancellationToken cancellationToken)
    {
        if (command is SessionCommand.Regenerate { UserId: { } userId })
        {
            // Longer than it may live without being used, as a new one's.
            var noted = await users.AddAsync(userId, name.Handle, _sliding + (_sliding / 2), cancellationToken).ConfigureAwait(false);
            if (!noted.TryGetValue(out _))
            {
                return noted.WithoutValue<SessionAnswer>();
            }
        }

        var result = await sessions.ApplyAsync(name, command, cancellationToken).ConfigureAwait(false);
        if (result.TryGetValue(out var answer) && answer.IsIndexDue)
        {
            await RefreshIndexAsync(name, answer.State, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    /// <summary>Whether nobody has revoked all sessions of a user since one was made for them. Otherwise it is to be revoked: who revoked all may
    /// have come before it was there.</summary>
    public ValueTask<RedisCallResult<bool>> IsConfirmedAsync(string userId, string handle, CancellationToken cancellationToken) =>
        users.HasAsync(userId, handle, cancellationToken);

    /// <summary>Ends a session that has this secret and this user, where they are given.</summary>
    public async ValueTask<RedisCallResult<bool>> RevokeAsync(
        string handle, byte[]? secret, string? userId, CancellationToken cancellationToken)
    {
        var result = await sessions.RevokeAsync(handle, secret, userId, cancellationToken).ConfigureAwait(false);
        if (!result.TryGetValue(out var revoked))
        {
            return result.WithoutValue<bool>();
        }

        if (revoked is { WasThere: true, UserId: { } owner })
        {
            await users.DropAsync(owner, [handle], cancellationToken).ConfigureAwait(false);
        }

        return RedisCallResult<bool>.Ok(revoked.WasThere);
    }

    /// <summary>Whether Redis answers.</summary>
    public async ValueTask<bool> AnswersAsync(CancellationToken cancellationToken) =>

        // A session that is not there is as good a question as any.
        (await sessions.InfoAsync(SessionName.Of("").Handle, secret: null, cancellationToken).ConfigureAwait(false)).TryGetValue(out _);

    /// <summary>What a list shows of a session; null if there is none that has this secret.</summary>
    public ValueTask<RedisCallResult<SessionState?>> InfoAsync(string handle, byte[]? secret, CancellationToken cancellationToken) =>
        sessions.InfoAsync(handle, secret, cancellationToken);

    /// <summary>The sessions of a user that are there.</summary>
    public async ValueTask<RedisCallResult<List<SessionState>>> ListAsync(string userId, CancellationToken cancellationToken)
    {
        var noted = await users.ListAsync(userId, cancellationToken).ConfigureAwait(false);
        if (!noted.TryGetValue(out var handles))
        {
            return noted.WithoutValue<List<SessionState>>();
        }

        var found = new List<SessionState>(handles.Length);
        foreach (var some in handles.Chunk(AtOnce))
        {
            var results = await Task.WhenAll(
                some.Select(handle => sessions.InfoAsync(handle, secret: null, cancellationToken).AsTask())).ConfigureAwait(false);
            foreach (var result in results)
            {
                if (!result.TryGetValue(out var state))
                {
                    return result.WithoutValue<List<SessionState>>();
                }

                // It may have ended, or be another user's by now.
                if (state?.UserId == userId)
                {
                    found.Add(state);
                }
            }
        }

        return RedisCallResult<List<SessionState>>.Ok(found);
    }

    /// <summary>Marks all sessions of a user but one, so that none is confirmed that was not there yet.</summary>
    public ValueTask<RedisCallResult<string[]>> MarkAsync(string userId, string? exceptHandle, CancellationToken cancellationToken) =>
        users.MarkAsync(userId, exceptHandle, cancellationToken);

    /// <summary>Ends sessions that were marked, and takes them out of the index.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="handles">The sessions.</param>
    /// <param name="revoke">Ends one.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>How many there were.</returns>
    public async ValueTask<RedisCallResult<int>> RevokeMarkedAsync(
        string userId, string[] handles, Func<string, Task<RedisCallResult<bool>>> revoke, CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var some in handles.Chunk(AtOnce))
        {
            foreach (var result in await Task.WhenAll(some.Select(revoke)).ConfigureAwait(false))
            {
                if (!result.TryGetValue(out var wasThere))
                {
                    return result.WithoutValue<int>();
                }

                count += wasThere ? 1 : 0;
            }
        }

        await users.DropAsync(userId, handles, cancellationToken).ConfigureAwait(false);
        return RedisCallResult<int>.Ok(count);
    }

    /// <summary>Lets the index hold a session for as long as it may live now. It is due a long time before it matters, and again with each use
    /// until it has been done.</summary>
    private async ValueTask RefreshIndexAsync(SessionName name, SessionState? state, CancellationToken cancellationToken)
    {
        if (state is null)
        {
            var info = await sessions.InfoAsync(name.Handle, name.Secret, cancellationToken).ConfigureAwait(false);
            if (!info.TryGetValue(out state) || state is null)
            {
                return;
            }
        }

        if (state.UserId is not { } userId)
        {
            return;
        }

        var milliseconds = state.IndexedFor(_sliding);
        var noted = await users.AddAsync(userId, state.Handle, milliseconds, cancellationToken).ConfigureAwait(false);
        if (noted.TryGetValue(out var isNoted) && isNoted)
        {
            await sessions.NoteIndexedAsync(state.Handle, userId, milliseconds, cancellationToken).ConfigureAwait(false);
        }
    }
}
