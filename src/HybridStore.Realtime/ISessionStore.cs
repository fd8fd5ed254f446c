namespace HybridStore.Realtime;

/// <summary>Sessions in Redis: each a set of named fields that one user has at hand by a secret id, with an end that moves on as it is used and
/// one that does not. Safe to use from any thread and any number of processes: each change is atomic, and what was revoked does not come
/// back.
/// </summary>
/// <remarks>
/// <para>An id holds 128 random bits that name the session and 256 that are its secret; Redis and PostgreSQL know SHA-256 hashes alone, so that
/// nobody who reads them can use a session. An id that is unknown, malformed, of any length or has another secret is a session that is not there:
/// it is hashed and asked for like any other, which takes the same time and throws nothing.</para>
/// <para>While Redis is away all of this throws <see cref="SessionStoreUnavailableException"/>, within the time-out, or is served by the copy in
/// PostgreSQL where there is one (<see cref="SessionStoreOptions.PostgresCopy"/>). What one process alone does there while others reach Redis, such
/// as a revocation, they hear of within 5 seconds.</para>
/// </remarks>
public interface ISessionStore
{
    /// <summary>Begins a session.</summary>
    /// <param name="start">What it begins with; <see langword="null"/>: nothing.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException">A text in <paramref name="start"/> breaks its rule.</exception>
    /// <exception cref="SessionTooLargeException">The fields are larger than <see cref="SessionStoreOptions.MaximumSize"/>.</exception>
    /// <exception cref="SessionStoreUnavailableException">It cannot be stored at the moment.</exception>
    Task<Session> CreateAsync(SessionStart? start = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a session and moves its end on, in one round trip.</summary>
    /// <param name="id">Its id, or anything that somebody has sent as one.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The session; <see langword="null"/>: there is none, it has ended or was revoked.</returns>
    /// <exception cref="SessionStoreUnavailableException">Whether there is one cannot be known at the moment.</exception>
    Task<Session?> GetAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Sets and removes fields, all or none, and leaves the others as they are, whoever changes them at the same time. Moves the end
    /// on.</summary>
    /// <param name="id">As in <see cref="GetAsync"/>.</param>
    /// <param name="changes">What is set and removed.</param>
    /// <param name="cancellationToken">Cancels the wait, not the change.</param>
    /// <returns>The version that this made; <see langword="null"/>: there is no such session, and none was made.</returns>
    /// <exception cref="SessionTooLargeException">The session would be larger than <see cref="SessionStoreOptions.MaximumSize"/>.</exception>
    /// <exception cref="SessionStoreUnavailableException">It cannot be changed at the moment, or whether it was is not known.</exception>
    Task<long?> MergeAsync(string id, SessionChanges changes, CancellationToken cancellationToken = default);

    /// <summary>Puts other fields in the place of all that a session has, unless it was changed since. Moves the end
    /// on, except where it was changed.</summary>
    /// <param name="id">As in <see cref="GetAsync"/>.</param>
    /// <param name="expectedVersion">The <see cref="Session.Version"/> that the new fields were made from. Of any number of callers with the same
    /// one is lucky.</param>
    /// <param name="fields">The new fields. What is removed in it is not looked at.</param>
    /// <param name="cancellationToken">Cancels the wait, not the change.</param>
    /// <exception cref="SessionTooLargeException">The fields are larger than <see cref="SessionStoreOptions.MaximumSize"/>.</exception>
    /// <exception cref="SessionStoreUnavailableException">As in <see cref="MergeAsync"/>.</exception>
    Task<SessionReplaceResult> TryReplaceAsync(
        string id, long expectedVersion, SessionChanges fields, CancellationToken cancellationToken = default);

    /// <summary>Gives a session a new id, atomically: the old one is of no use from then on, and there is no moment with two or none. For each
    /// change of what a user may do, signing in above all.</summary>
    /// <param name="id">As in <see cref="GetAsync"/>.</param>
    /// <param name="userId">Whose the session is from now on, as in <see cref="SessionStart.UserId"/>; <see langword="null"/>: as before.</param>
    /// <param name="cancellationToken">Cancels the wait, not the change.</param>
    /// <returns>The session with its new id; <see langword="null"/>: there is none. Of several callers with the same id one gets it.</returns>
    /// <exception cref="ArgumentException"><paramref name="userId"/> breaks the rule.</exception>
    /// <exception cref="SessionStoreUnavailableException">As in <see cref="MergeAsync"/>. The new id is then not known to anybody: the user has to
    /// begin again if the old one is dead.</exception>
    Task<Session?> RegenerateIdAsync(string id, string? userId = null, CancellationToken cancellationToken = default);

    /// <summary>Ends a session.</summary>
    /// <param name="id">As in <see cref="GetAsync"/>.</param>
    /// <param name="cancellationToken">Cancels the wait, not the revocation.</param>
    /// <returns>Whether there was one.</returns>
    /// <remarks>Where a process that alone does not reach Redis revokes in the copy, others that do may serve the session for up to 5 seconds
    /// more.</remarks>
    /// <exception cref="SessionStoreUnavailableException">It may be there still: try again.</exception>
    Task<bool> RevokeAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Ends a session from the list of its user's.</summary>
    /// <param name="userId">Whose it is: with another user's handle nothing is revoked.</param>
    /// <param name="handle">Its <see cref="SessionInfo.Handle"/>, or anything that somebody has sent as one.</param>
    /// <param name="cancellationToken">Cancels the wait, not the revocation.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ArgumentException"><paramref name="userId"/> breaks the rule.</exception>
    /// <exception cref="SessionStoreUnavailableException">It may be there still: try again.</exception>
    Task<bool> RevokeByHandleAsync(string userId, string handle, CancellationToken cancellationToken = default);

    /// <summary>The sessions of a user, the one that was used last first.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="currentId">The caller's own id, whose session is then told apart; <see langword="null"/>: none.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException"><paramref name="userId"/> breaks the rule.</exception>
    /// <exception cref="SessionStoreUnavailableException">They cannot be listed at the moment.</exception>
    Task<IReadOnlyList<SessionInfo>> ListOfUserAsync(string userId, string? currentId = null, CancellationToken cancellationToken = default);

    /// <summary>Ends all sessions that a user has when this is called, those that are being created at that moment included.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="exceptId">The id of one that is spared, the caller's own; <see langword="null"/>: none.</param>
    /// <param name="cancellationToken">Cancels the wait, not the revocation.</param>
    /// <returns>How many were ended.</returns>
    /// <exception cref="ArgumentException"><paramref name="userId"/> breaks the rule.</exception>
    /// <exception cref="SessionStoreUnavailableException">Some may be there still: try again. So it is always while Redis is away, with a copy as
    /// well: those that the copy has are ended then, but Redis may have some that the copy could not be told of.</exception>
    Task<int> RevokeAllOfUserAsync(string userId, string? exceptId = null, CancellationToken cancellationToken = default);
}
