namespace HybridStore.Realtime;

/// <summary>Whether the fields of a session were replaced.</summary>
public enum SessionReplaceOutcome
{
    /// <summary>There is no such session: it never was, has ended or was revoked.</summary>
    NotFound,

    /// <summary>They were.</summary>
    Replaced,

    /// <summary>They were not: the session has changed since the version that was expected. Read it again.</summary>
    Conflict,
}
