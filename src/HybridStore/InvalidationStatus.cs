namespace HybridStore;

/// <summary>How far an invalidation has come.</summary>
public enum InvalidationStatus
{
    /// <summary>Redis has not confirmed it yet. It is retried in the background until it is applied.</summary>
    Pending = 0,

    /// <summary>It is applied: Redis no longer holds what was to be invalidated.</summary>
    Applied = 1,
}
