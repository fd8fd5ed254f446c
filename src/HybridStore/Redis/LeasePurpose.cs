namespace HybridStore.Redis;

/// <summary>What a lease is asked for (<c>lease.lua</c>).</summary>
internal enum LeasePurpose
{
    /// <summary>A read: an entry that is there by now is as good.</summary>
    Read,

    /// <summary>A write that is going to store what it writes: an entry does not stand in its way.</summary>
    Write,

    /// <summary>A warm-up: an entry that is there is left alone, and not looked at.</summary>
    WarmUp,
}
