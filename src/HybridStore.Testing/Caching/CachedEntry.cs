using System.Buffers.Binary;
using HybridStore.Fencing;
using HybridStore.Serialization;

namespace HybridStore.Testing.Caching;

/// <summary>An entry as it would stand in Redis: the same bytes.</summary>
/// <param name="Bytes">Header and payload.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="ExpiresAt">From when on it is not served but to callers whose load fails. Milliseconds since the Unix epoch.</param>
/// <param name="GoneAt">From when on it is not there, likewise.</param>
internal sealed record CachedEntry(byte[] Bytes, IReadOnlyList<string> Tags, long ExpiresAt, long GoneAt)
{
    // Where EntryHeader has expiry and creation.
    private const int ExpiryOffset = 4;
    private const int CreationOffset = 12;

    /// <summary>A copy of encoded bytes, with both times written into their header: the encoder's buffer is used again.</summary>
    public static CachedEntry Of(
        ReadOnlySpan<byte> encoded, TimeSpan timeToLive, TimeSpan grace, IReadOnlyList<string> tags, long now)
    {
        var bytes = encoded.ToArray();
        var expiresAt = now + Math.Max(1, (long)timeToLive.TotalMilliseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(ExpiryOffset), expiresAt);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(CreationOffset), now);
        return new CachedEntry(bytes, [.. tags], expiresAt, expiresAt + (long)grace.TotalMilliseconds);
    }

    public EntryHeader Header() => EntryHeader.TryRead(Bytes, out var header)
        ? header
        : throw new InvalidOperationException("An entry in memory has no header that can be read.");

    public SnapshotStamp? Stamp() => Header().ReadStamp(Bytes);

    /// <summary>Whether it reflects a write. Without a stamp, or where its ids cannot be compared, it may not.</summary>
    public bool Reflects(Fence? fence) =>
        fence is { BootMark.Value: not null } write && Stamp() is { } stamp && stamp.Sees(write.TransactionId);
}
