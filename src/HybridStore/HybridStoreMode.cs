namespace HybridStore;

/// <summary>Whether a store uses Redis.</summary>
public enum HybridStoreMode
{
    /// <summary>Reads go through Redis.</summary>
    Cached = 0,

    /// <summary>Redis is not used at all and need not be configured: every read loads from PostgreSQL, writes only write. For
    /// tests, and to rule the cache out.</summary>
    PassThrough = 1,
}
