namespace HybridStore.Realtime.Sessions;

/// <summary>What has become of a change that the copy was to be told of.</summary>
internal enum Followed
{
    /// <summary>It is in the copy, or will be with the next.</summary>
    Done,

    /// <summary>The copy has a change that was made without this one, while Redis was away for somebody.</summary>
    Overtaken,

    /// <summary>The session was revoked meanwhile.</summary>
    Revoked,
}
