namespace HybridStore.Realtime.Sessions;

/// <summary>Sessions in Redis alone.</summary>
internal sealed class PlainSessions(IndexedSessions redis) : ISessionKeeper
{
    public async Task<SessionState> CreateAsync(SessionState state, CancellationToken cancellationToken)
    {
        var created = Unavailable.ThrowUnlessAnswered(await redis.PutAsync(state, notAfter: null, cancellationToken).ConfigureAwait(false));
        if (state.UserId is { } userId)
        {
            await ConfirmAsync(userId, state.Handle, cancellationToken).ConfigureAwait(false);
        }

        return created ?? throw new InvalidOperationException("A new session was refused by its user's index.");
    }

    public async ValueTask<SessionAnswer> ApplyAsync(SessionName name, SessionCommand command, CancellationToken cancellationToken)
    {
        var answer = Unavailable.ThrowUnlessAnswered(await redis.ApplyAsync(name, command, cancellationToken).ConfigureAwait(false));
        return command is SessionCommand.Regenerate { UserId: { } userId }
            && answer.Outcome == SessionOutcome.Done
            && !await ConfirmAsync(userId, name.Handle, cancellationToken).ConfigureAwait(false)
            ? new SessionAnswer(SessionOutcome.NotFound, answer.Now)
            : answer;
    }

    public async Task<bool> RevokeAsync(string handle, byte[]? secret, string? userId, CancellationToken cancellationToken) =>
        Unavailable.ThrowUnlessAnswered(await redis.RevokeAsync(handle, secret, userId, cancellationToken).ConfigureAwait(false));

    public async Task<IReadOnlyList<SessionState>> ListAsync(string userId, CancellationToken cancellationToken) =>
        Unavailable.ThrowUnlessAnswered(await redis.ListAsync(userId, cancellationToken).ConfigureAwait(false));

    public async Task<int> RevokeAllAsync(string userId, string? exceptHandle, CancellationToken cancellationToken)
    {
        var marked = Unavailable.ThrowUnlessAnswered(await redis.MarkAsync(userId, exceptHandle, cancellationToken).ConfigureAwait(false));
        return Unavailable.ThrowUnlessAnswered(await redis.RevokeMarkedAsync(
            userId,
            marked,
            handle => redis.RevokeAsync(handle, secret: null, userId, cancellationToken).AsTask(),
            cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Where all sessions of a user were revoked while one was being made, it is one of them.</summary>
    private async Task<bool> ConfirmAsync(string userId, string handle, CancellationToken cancellationToken)
    {
        if (Unavailable.ThrowUnlessAnswered(await redis.IsConfirmedAsync(userId, handle, cancellationToken).ConfigureAwait(false)))
        {
            return true;
        }

        await RevokeAsync(handle, secret: null, userId, CancellationToken.None).ConfigureAwait(false);
        return false;
    }
}
