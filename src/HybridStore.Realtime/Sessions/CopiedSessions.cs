using System.Threading.RateLimiting;
using HybridStore.Realtime.Diagnostics;
using HybridStore.Resilience;
using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Sessions;

/// <summary>Sessions in Redis with a copy in PostgreSQL. While Redis answers it is asked first, and the copy is told of each change afterwards;
/// while it does not, the copy alone has the say, and Redis hears of it when it is back.</summary>
/// <remarks>
/// <para>What was revoked must not come back from the copy. So the copy hears of revocations first, and keeps them until the session would have
/// ended; no later write of a change undoes them. Who brings a session back from the copy holds its row meanwhile: a revocation comes before,
/// or waits and ends it in Redis afterwards. An id that is about to be replaced is barred in the copy first, for the same reason.</para>
/// <para>A change that the copy could not be told is told it with the next: each write is of the whole session, by its version.</para>
/// </remarks>
internal sealed class CopiedSessions(
    IndexedSessions redis,
    SessionCopy copy,
    SessionCatchUp catchUp,
    SessionStoreOptions options,
    TimeSpan redisTimeout,
    SessionMetrics metrics,
    ILogger logger) : ISessionKeeper, IDisposable
{
    private readonly CopyFollower _follower = new(copy, metrics, logger);
    private readonly long _slack = SessionCopyRules.SlackOf(options);
    private readonly TokenBucketRateLimiter _lookups = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = options.CopyLookupsPerSecond,
        TokensPerPeriod = options.CopyLookupsPerSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
    });

    private enum Restored
    {
        NotFound,
        IsThere,
        Failed,
    }

    public async Task<SessionState> CreateAsync(SessionState state, CancellationToken cancellationToken)
    {
        if (!await catchUp.IsBehindAsync(cancellationToken).ConfigureAwait(false))
        {
            var result = await redis.PutAsync(state, notAfter: null, cancellationToken).ConfigureAwait(false);
            if (result.TryGetValue(out var created) && created is not null)
            {
                await _follower.SaveAsync(created, cancellationToken).ConfigureAwait(false);
                if (state.UserId is { } userId)
                {
                    await ConfirmAsync(userId, state.Handle, cancellationToken).ConfigureAwait(false);
                }

                return created;
            }

            catchUp.FallBehind(result.Error);
        }

        return await catchUp.WriteAsync(() => copy.SaveAsync(state, isAhead: true, cancellationToken)).ConfigureAwait(false) ?? state;
    }

    public async ValueTask<SessionAnswer> ApplyAsync(SessionName name, SessionCommand command, CancellationToken cancellationToken)
    {
        if (await catchUp.IsBehindAsync(cancellationToken).ConfigureAwait(false))
        {
            return await ApplyToCopyAsync(name, command, barred: null, cancellationToken).ConfigureAwait(false);
        }

        if (command is SessionCommand.Regenerate regenerate)
        {
            return await RegenerateAsync(name, regenerate, cancellationToken).ConfigureAwait(false);
        }

        var result = await ApplyToRedisAsync(name, command, cancellationToken).ConfigureAwait(false);
        if (!result.TryGetValue(out var answer))
        {
            return await ApplyToCopyAsync(name, command, barred: null, cancellationToken).ConfigureAwait(false);
        }

        return answer.IsCopyDue
            ? await FollowAsync(name, command, answer, barred: null, cancellationToken).ConfigureAwait(false)
            : answer;
    }

    public async Task<bool> RevokeAsync(string handle, byte[]? secret, string? userId, CancellationToken cancellationToken)
    {
        if (await catchUp.IsBehindAsync(cancellationToken).ConfigureAwait(false))
        {
            return await RevokeInCopyAsync(handle, secret, userId, cancellationToken).ConfigureAwait(false);
        }

        var result = await RevokeEverywhereAsync(handle, secret, userId, isCopyDone: false, cancellationToken).ConfigureAwait(false);
        return result.TryGetValue(out var wasThere)
            ? wasThere
            : await RevokeInCopyAsync(handle, secret, userId, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<SessionState>> ListAsync(string userId, CancellationToken cancellationToken)
    {
        if (!await catchUp.IsBehindAsync(cancellationToken).ConfigureAwait(false))
        {
            var result = await redis.ListAsync(userId, cancellationToken).ConfigureAwait(false);
            if (result.TryGetValue(out var found))
            {
                // Those that Redis has lost come back when they are used.
                var handles = found.Select(state => state.Handle).ToHashSet(StringComparer.Ordinal);
                found.AddRange((await copy.ListAsync(userId, cancellationToken).ConfigureAwait(false))
                    .Where(state => !handles.Contains(state.Handle)));
                return found;
            }

            catchUp.FallBehind(result.Error);
        }

        return await copy.ListAsync(userId, cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> RevokeAllAsync(string userId, string? exceptHandle, CancellationToken cancellationToken)
    {
        if (await catchUp.IsBehindAsync(cancellationToken).ConfigureAwait(false))
        {
            await catchUp.WriteAsync(() => copy.RevokeAllAsync(userId, exceptHandle, cancellationToken)).ConfigureAwait(false);

            // Redis may have some that the copy could not be told of.
            throw Unavailable.Redis(null);
        }

        var handles = await copy.RevokeAllAsync(userId, exceptHandle, cancellationToken).ConfigureAwait(false);
        var marked = await redis.MarkAsync(userId, exceptHandle, cancellationToken).ConfigureAwait(false);
        if (!marked.TryGetValue(out var noted))
        {
            catchUp.FallBehind(marked.Error);
            throw Unavailable.Redis(marked.Error);
        }

        var known = handles.ToHashSet(StringComparer.Ordinal);
        var result = await redis.RevokeMarkedAsync(
            userId,
            [.. known.Union(noted, StringComparer.Ordinal)],
            handle => known.Contains(handle)
                ? EndInRedisAsync(handle, cancellationToken)
                : RevokeEverywhereAsync(handle, secret: null, userId, isCopyDone: true, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        if (result.TryGetValue(out var count))
        {
            return count;
        }

        catchUp.FallBehind(result.Error);
        throw Unavailable.Redis(result.Error);
    }

    public void Dispose() => _lookups.Dispose();

    /// <summary>As a session that Redis has lost may come back, what it does not have is looked for in the copy.</summary>
    private async ValueTask<RedisCallResult<SessionAnswer>> ApplyToRedisAsync(
        SessionName name, SessionCommand command, CancellationToken cancellationToken)
    {
        var result = await redis.ApplyAsync(name, command, cancellationToken).ConfigureAwait(false);
        if (result.TryGetValue(out var answer))
        {
            if (answer.Outcome != SessionOutcome.NotFound)
            {
                return result;
            }

            switch (await RestoreAsync(name, answer.Now + (long)redisTimeout.TotalMilliseconds, cancellationToken).ConfigureAwait(false))
            {
                case Restored.NotFound:
                    return result;
                case Restored.IsThere:
                    result = await redis.ApplyAsync(name, command, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    return RedisCallResult<SessionAnswer>.Refused;
            }
        }

        if (!result.TryGetValue(out _))
        {
            catchUp.FallBehind(result.Error);
        }

        return result;
    }

    private async ValueTask<SessionAnswer> RegenerateAsync(
        SessionName name, SessionCommand.Regenerate command, CancellationToken cancellationToken)
    {
        // It is barred only when it is known to be there: what is barred does not come back.
        var there = await ApplyToRedisAsync(name, SessionCommand.Get.It, cancellationToken).ConfigureAwait(false);
        if (!there.TryGetValue(out var answer))
        {
            return await ApplyToCopyAsync(name, command, barred: null, cancellationToken).ConfigureAwait(false);
        }

        if (answer.Outcome == SessionOutcome.NotFound)
        {
            return answer;
        }

        await copy.BarAsync(name, cancellationToken).ConfigureAwait(false);
        var result = await redis.ApplyAsync(name, command, cancellationToken).ConfigureAwait(false);
        if (!result.TryGetValue(out answer))
        {
            catchUp.FallBehind(result.Error);
            return await ApplyToCopyAsync(name, command, barred: name.Secret, cancellationToken).ConfigureAwait(false);
        }

        answer = await FollowAsync(name, command, answer, barred: name.Secret, cancellationToken).ConfigureAwait(false);
        return command.UserId is { } userId
            && answer.Outcome == SessionOutcome.Done
            && !await ConfirmAsync(userId, name.Handle, cancellationToken).ConfigureAwait(false)
            ? new SessionAnswer(SessionOutcome.NotFound, answer.Now)
            : answer;
    }

    /// <summary>Tells the copy what a command has made in Redis. What the copy was told in Redis's place meanwhile takes the place of what Redis
    /// has: the command is carried out on that as well.</summary>
    private async ValueTask<SessionAnswer> FollowAsync(
        SessionName name, SessionCommand command, SessionAnswer answer, byte[]? barred, CancellationToken cancellationToken)
    {
        switch (answer.State is { } state ? await _follower.SaveAsync(state, cancellationToken).ConfigureAwait(false) : Followed.Done)
        {
            case Followed.Overtaken:
                catchUp.Doubt();
                return await ApplyToCopyAsync(name, command, barred, cancellationToken).ConfigureAwait(false);
            case Followed.Revoked:
                return new SessionAnswer(SessionOutcome.NotFound, answer.Now);
            default:
                return answer;
        }
    }

    /// <summary>Carries out a command while Redis is away.</summary>
    private async ValueTask<SessionAnswer> ApplyToCopyAsync(
        SessionName name, SessionCommand command, byte[]? barred, CancellationToken cancellationToken)
    {
        AcquireLookup();
        metrics.ServedByCopy();
        if (command is SessionCommand.Get)
        {
            return await GetFromCopyAsync(name, cancellationToken).ConfigureAwait(false);
        }

        var answer = default(SessionAnswer);
        await catchUp.WriteAsync(() => copy.ChangeAsync(
            name,
            barred,
            state =>
            {
                (var changed, answer) = SessionChange.Apply(state, command, options);
                return changed;
            },
            cancellationToken)).ConfigureAwait(false);
        return answer;
    }

    private async ValueTask<SessionAnswer> GetFromCopyAsync(SessionName name, CancellationToken cancellationToken)
    {
        if (await copy.FindAsync(name, cancellationToken).ConfigureAwait(false) is not { } state)
        {
            return default;
        }

        var end = SessionChange.EndOf(state, options);
        if (end > state.ExpiresAt + _slack)
        {
            await copy.ExtendAsync(state.Handle, cancellationToken).ConfigureAwait(false);
        }

        return new SessionAnswer(SessionOutcome.Done, state.Now, state.Version) { State = state with { ExpiresAt = end } };
    }

    private async Task<Restored> RestoreAsync(SessionName name, long notAfter, CancellationToken cancellationToken)
    {
        AcquireLookup();
        var outcome = Restored.NotFound;
        await copy.RestoreAsync(
            name,
            async state =>
            {
                var result = await redis.PutAsync(state, notAfter, cancellationToken).ConfigureAwait(false);
                if (!result.TryGetValue(out var restored))
                {
                    catchUp.FallBehind(result.Error);
                }

                outcome = restored is null ? Restored.Failed : Restored.IsThere;
            },
            cancellationToken).ConfigureAwait(false);
        if (outcome == Restored.IsThere)
        {
            metrics.Restored();
        }

        return outcome;
    }

    /// <param name="handle">The session.</param>
    /// <param name="secret">SHA-256 of the id that was shown; null: any.</param>
    /// <param name="userId">Whose it must be; null: anybody's.</param>
    /// <param name="isCopyDone">Whether all that the copy has of this user is revoked already, so that what Redis does not have is nowhere.</param>
    /// <param name="cancellationToken">Cancels.</param>
    private async Task<RedisCallResult<bool>> RevokeEverywhereAsync(
        string handle, byte[]? secret, string? userId, bool isCopyDone, CancellationToken cancellationToken)
    {
        var info = await redis.InfoAsync(handle, secret, cancellationToken).ConfigureAwait(false);
        if (!info.TryGetValue(out var state))
        {
            catchUp.FallBehind(info.Error);
            return info.WithoutValue<bool>();
        }

        if (state is not null && (userId is null || userId == state.UserId))
        {
            await copy.RevokeAsync(handle, cancellationToken).ConfigureAwait(false);
        }
        else if (isCopyDone)
        {
            return RedisCallResult<bool>.Ok(false);
        }
        else
        {
            AcquireLookup();
            if (!await copy.RevokeIfLiveAsync(handle, secret, userId, cancellationToken).ConfigureAwait(false))
            {
                return RedisCallResult<bool>.Ok(false);
            }
        }

        // Where this is not answered Redis hears of it when it is back: it is revoked.
        await EndInRedisAsync(handle, cancellationToken).ConfigureAwait(false);
        return RedisCallResult<bool>.Ok(true);
    }

    /// <summary>Ends in Redis what is revoked in the copy.</summary>
    private async Task<RedisCallResult<bool>> EndInRedisAsync(string handle, CancellationToken cancellationToken)
    {
        var result = await redis.RevokeAsync(handle, secret: null, userId: null, cancellationToken).ConfigureAwait(false);
        if (!result.TryGetValue(out _))
        {
            catchUp.FallBehind(result.Error);
            return result;
        }

        await _follower.SettleRevokedAsync(handle, cancellationToken).ConfigureAwait(false);
        return RedisCallResult<bool>.Ok(true);
    }

    private async Task<bool> RevokeInCopyAsync(string handle, byte[]? secret, string? userId, CancellationToken cancellationToken)
    {
        AcquireLookup();
        var wasThere = await catchUp.WriteAsync(() => copy.RevokeIfLiveAsync(handle, secret, userId, cancellationToken)).ConfigureAwait(false);

        // What the copy does not know Redis may have.
        return wasThere ? true : throw Unavailable.Redis(null);
    }

    private async Task<bool> ConfirmAsync(string userId, string handle, CancellationToken cancellationToken)
    {
        if (Unavailable.ThrowUnlessAnswered(await redis.IsConfirmedAsync(userId, handle, cancellationToken).ConfigureAwait(false)))
        {
            return true;
        }

        await RevokeAsync(handle, secret: null, userId: null, CancellationToken.None).ConfigureAwait(false);
        return false;
    }

    private void AcquireLookup()
    {
        using var lease = _lookups.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            throw Unavailable.TooManyLookups();
        }
    }
}
