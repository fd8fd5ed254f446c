using System.Buffers.Binary;
using HybridStore.Fencing;

namespace HybridStore.Serialization;

// The wire format of an entry, version 1. Everything is little-endian, every fixed field stands at a fixed offset: the Lua
// scripts read the same bytes with GETRANGE and struct.unpack. Changing any of it needs a new version byte.
//
//   offset  size  field
//        0     1  magic, 0xC5
//        1     1  version, 1
//        2     1  flags: 1 = null (no payload), 2 = stamped, 4 = compressed; every other bit is zero
//        3     1  number of xip ids, 0 to 32; 0 when not stamped
//        4     8  int64   expiry, milliseconds since the Unix epoch on Redis's clock
//       12     8  int64   creation, the same clock
//       20     4  uint32  time the load took, in microseconds; 0xFFFFFFFF means that or longer
//       24     4  int32   schema version
//       28     4  uint32  hash of the value's type (TypeHash)
//     if stamped (then xmin stands at offset 32, xmax at 40, the ids from 48 on):
//       32     8  uint64  xmin
//       40     8  uint64  xmax
//       48   8*n  uint64  xip, strictly ascending, xmin <= id < xmax
//     if compressed, next:
//              4  int32   length of the uncompressed payload, at least 1
//     then the payload up to the end: what the serialiser wrote, as one Brotli stream if compressed.
//
// A reader treats whatever does not fit this table as no entry at all. Null and compressed exclude each other.
internal readonly struct EntryHeader
{
    public const byte Magic = 0xC5;
    public const byte Version = 1;
    public const int FixedLength = 32;

    /// <summary>The longest header: stamped with 32 ids, and compressed.</summary>
    public const int MaximumLength = FixedLength + StampLength + (8 * SnapshotStamp.MaximumHeaderXip) + CompressedLength;

    private const int StampLength = 16;
    private const int CompressedLength = 4;

    private readonly Flag _flags;
    private readonly byte _xipCount;
    private readonly uint _loadMicroseconds;

    private EntryHeader(ReadOnlySpan<byte> fixedPart, Flag flags, byte xipCount, int length, int uncompressedLength)
    {
        _flags = flags;
        _xipCount = xipCount;
        ExpiresAt = BinaryPrimitives.ReadInt64LittleEndian(fixedPart[4..]);
        CreatedAt = BinaryPrimitives.ReadInt64LittleEndian(fixedPart[12..]);
        _loadMicroseconds = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[20..]);
        SchemaVersion = BinaryPrimitives.ReadInt32LittleEndian(fixedPart[24..]);
        TypeHash = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[28..]);
        Length = length;
        UncompressedLength = uncompressedLength;
    }

    [Flags]
    private enum Flag : byte
    {
        None = 0,
        Null = 1,
        Stamped = 2,
        Compressed = 4,
        All = Null | Stamped | Compressed,
    }

    /// <summary>Milliseconds of Redis's clock since the Unix epoch.</summary>
    public long ExpiresAt { get; }

    /// <summary>Milliseconds of Redis's clock since the Unix epoch.</summary>
    public long CreatedAt { get; }

    public TimeSpan LoadTime => new(_loadMicroseconds * TimeSpan.TicksPerMicrosecond);

    public int SchemaVersion { get; }

    public uint TypeHash { get; }

    public bool IsNull => (_flags & Flag.Null) != 0;

    public bool IsStamped => (_flags & Flag.Stamped) != 0;

    public bool IsCompressed => (_flags & Flag.Compressed) != 0;

    /// <summary>Where the payload begins.</summary>
    public int Length { get; }

    /// <summary>What the header claims; 0 when the payload is not compressed.</summary>
    public int UncompressedLength { get; }

    /// <summary>Reads a header without allocating. The stamp's ids are checked but read only by <see cref="ReadStamp"/>.</summary>
    /// <param name="entry">The entry, or at least the first <see cref="MaximumLength"/> bytes of it.</param>
    /// <param name="header">The header, if there is one.</param>
    /// <returns>False for anything that this version would not have written.</returns>
    public static bool TryRead(ReadOnlySpan<byte> entry, out EntryHeader header)
    {
        header = default;
        if (entry.Length < FixedLength || entry[0] != Magic || entry[1] != Version)
        {
            return false;
        }

        var flags = (Flag)entry[2];
        byte xipCount = entry[3];
        if ((flags & ~Flag.All) != 0 || (flags & (Flag.Null | Flag.Compressed)) == (Flag.Null | Flag.Compressed))
        {
            return false;
        }

        int length = FixedLength;
        if ((flags & Flag.Stamped) != 0)
        {
            length += StampLength + (8 * xipCount);
            if (xipCount > SnapshotStamp.MaximumHeaderXip || entry.Length < length || !IsStampConsistent(entry[FixedLength..length]))
            {
                return false;
            }
        }
        else if (xipCount != 0)
        {
            return false;
        }

        int uncompressedLength = 0;
        if ((flags & Flag.Compressed) != 0)
        {
            if (entry.Length < length + CompressedLength)
            {
                return false;
            }

            uncompressedLength = BinaryPrimitives.ReadInt32LittleEndian(entry[length..]);
            length += CompressedLength;
            if (uncompressedLength < 1)
            {
                return false;
            }
        }

        header = new EntryHeader(entry, flags, xipCount, length, uncompressedLength);
        if (header.ExpiresAt >= 0 && header.CreatedAt >= 0)
        {
            return true;
        }

        header = default;
        return false;
    }

    public static int LengthOf(SnapshotStamp? headerStamp, bool isCompressed) =>
        FixedLength
        + (headerStamp is null ? 0 : StampLength + (8 * headerStamp.Xip.Length))
        + (isCompressed ? CompressedLength : 0);

    /// <summary>
    /// Writes a header to the front of <paramref name="destination"/>, over the <see cref="LengthOf"/> bytes that were kept
    /// free for it: whether the payload is compressed is known only once the payload is there.
    /// </summary>
    /// <param name="destination">The entry's first bytes.</param>
    /// <param name="fields">Its times and versions; its stamp must be in header form.</param>
    /// <param name="typeHash">The hash of the value's type.</param>
    /// <param name="isNull">Whether the value is null.</param>
    /// <param name="uncompressedLength">The payload's length before compression; null when it is not compressed.</param>
    public static void Write(
        Span<byte> destination, in EntryHeaderFields fields, uint typeHash, bool isNull, int? uncompressedLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fields.ExpiresAt, nameof(fields));
        ArgumentOutOfRangeException.ThrowIfNegative(fields.CreatedAt, nameof(fields));
        ReadOnlySpan<ulong> xip = fields.Stamp is { } present ? present.Xip : [];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(xip.Length, SnapshotStamp.MaximumHeaderXip, nameof(fields));

        destination[0] = Magic;
        destination[1] = Version;
        destination[2] = (byte)((isNull ? Flag.Null : Flag.None)
            | (fields.Stamp is null ? Flag.None : Flag.Stamped)
            | (uncompressedLength is null ? Flag.None : Flag.Compressed));
        destination[3] = (byte)xip.Length;
        BinaryPrimitives.WriteInt64LittleEndian(destination[4..], fields.ExpiresAt);
        BinaryPrimitives.WriteInt64LittleEndian(destination[12..], fields.CreatedAt);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], SaturatedMicroseconds(fields.LoadTime));
        BinaryPrimitives.WriteInt32LittleEndian(destination[24..], fields.SchemaVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], typeHash);

        int offset = FixedLength;
        if (fields.Stamp is { } stamp)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(destination[offset..], stamp.Xmin);
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(offset + 8)..], stamp.Xmax);
            offset += StampLength;
            foreach (ulong id in xip)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(destination[offset..], id);
                offset += 8;
            }
        }

        if (uncompressedLength is { } claim)
        {
            BinaryPrimitives.WriteInt32LittleEndian(destination[offset..], claim);
        }
    }

    /// <summary>The stamp of the entry that this header was read from; null if it carries none.</summary>
    public SnapshotStamp? ReadStamp(ReadOnlySpan<byte> entry)
    {
        if (!IsStamped)
        {
            return null;
        }

        Span<ulong> xip = stackalloc ulong[SnapshotStamp.MaximumHeaderXip];
        ReadIds(entry[(FixedLength + StampLength)..], xip[.._xipCount]);
        return new SnapshotStamp(
            BinaryPrimitives.ReadUInt64LittleEndian(entry[FixedLength..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[(FixedLength + 8)..]),
            xip[.._xipCount]);
    }

    private static bool IsStampConsistent(ReadOnlySpan<byte> stamp)
    {
        Span<ulong> xip = stackalloc ulong[SnapshotStamp.MaximumHeaderXip];
        xip = xip[..((stamp.Length - StampLength) / 8)];
        ReadIds(stamp[StampLength..], xip);
        return SnapshotStamp.IsConsistent(
            BinaryPrimitives.ReadUInt64LittleEndian(stamp), BinaryPrimitives.ReadUInt64LittleEndian(stamp[8..]), xip);
    }

    private static void ReadIds(ReadOnlySpan<byte> source, Span<ulong> ids)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = BinaryPrimitives.ReadUInt64LittleEndian(source[(8 * i)..]);
        }
    }

    private static uint SaturatedMicroseconds(TimeSpan time) =>
        (uint)Math.Clamp(time.Ticks / TimeSpan.TicksPerMicrosecond, 0, uint.MaxValue);
}
