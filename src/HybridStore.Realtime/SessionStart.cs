namespace HybridStore.Realtime;

/// <summary>What a session begins with. All of it is optional. Immutable, as far as <see cref="Fields"/> are left alone.</summary>
public sealed record SessionStart
{
    /// <summary>Whose session it is, so that it is listed with and can be revoked with all others of this user: 1 to 256 characters, no control
    /// characters. <see langword="null"/>: nobody's yet; <see cref="ISessionStore.RegenerateIdAsync"/> can say so later. Redis knows it as a
    /// field of the session.</summary>
    public string? UserId { get; init; }

    /// <summary>What the user is shown in the list of sessions, such as <c>Firefox on Linux</c>: 1 to 512 characters, no control characters.
    /// </summary>
    public string? Device { get; init; }

    /// <summary>The first fields. What is removed in it is not looked at.</summary>
    public SessionChanges? Fields { get; init; }
}
