namespace HybridStore.Realtime.Sessions;

/// <summary>Where sessions are kept: in Redis alone, or with a copy. All of it throws <see cref="SessionStoreUnavailableException"/> where neither
/// answers.</summary>
internal interface ISessionKeeper
{
    /// <summary>Makes a session.</summary>
    /// <returns>It, by the clock of where it is kept.</returns>
    Task<SessionState> CreateAsync(SessionState state, CancellationToken cancellationToken);

    ValueTask<SessionAnswer> ApplyAsync(SessionName name, SessionCommand command, CancellationToken cancellationToken);

    /// <summary>Ends a session that has this secret and this user, where they are given.</summary>
    Task<bool> RevokeAsync(string handle, byte[]? secret, string? userId, CancellationToken cancellationToken);

    Task<IReadOnlyList<SessionState>> ListAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Ends all of a user's but one.</summary>
    Task<int> RevokeAllAsync(string userId, string? exceptHandle, CancellationToken cancellationToken);
}
