using HybridStore.Redis.Generations;

namespace HybridStore.Fencing;

/// <summary>The right to load and store one key.</summary>
/// <param name="Token">New for every load: a token that is used again would let an older load of the same client store.</param>
/// <param name="Sequence">The partition's sequence of invalidations when it was granted.</param>
/// <param name="Generation">The generation in which it was granted, and ends.</param>
/// <param name="High">No xid is larger that had been invalidated in the partition when it was granted; null where that is not known: the
/// primary has to be read then.</param>
internal sealed record Lease(byte[] Token, long Sequence, Generation Generation, ulong? High)
{
    /// <summary>How many fences the guard of the key held then. For metrics alone.</summary>
    public int Fences { get; init; }

    public static byte[] NewToken() => Guid.NewGuid().ToByteArray();
}
