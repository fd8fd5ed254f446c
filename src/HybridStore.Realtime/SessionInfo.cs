namespace HybridStore.Realtime;

/// <summary>A session in the list of its user's: enough to be recognised and revoked, not enough to be used.</summary>
/// <param name="Handle">What <see cref="ISessionStore.RevokeByHandleAsync"/> knows it by. It is no session id.</param>
/// <param name="Device">As in <see cref="SessionStart.Device"/>.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="LastSeenAt">When it was last used, to a thousandth of <see cref="SessionStoreOptions.SlidingExpiration"/> and a minute at most; while
/// Redis is away, to a tenth and 5 minutes.</param>
/// <param name="ExpiresAt">When it ends unless it is used before.</param>
/// <param name="IsCurrent">Whether it is the one that the caller has named as its own.</param>
public sealed record SessionInfo(
    string Handle, string? Device, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt, bool IsCurrent);
