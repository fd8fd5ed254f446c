using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace HybridStore.Fencing;

// The wire format of an applied mark, version 1. Everything is little-endian, every fixed field stands at a fixed offset.
//
//   offset  size  field
//        0     8  int64   PostgreSQL's time, in microseconds since the Unix epoch, read before the snapshot was taken
//        8     1  magic, 0xCA
//        9     1  version, 1
//       10     2  zero
//       12     4  uint32  number of xip ids
//       16     8  int64   generation of the entries that it speaks of
//       24     8  int64   boot mark of the database, in microseconds since the Unix epoch; 0 if it is not known
//       32     8  uint64  xmin
//       40     8  uint64  xmax
//       48   8*n  uint64  xip, strictly ascending, xmin <= id < xmax: all of them
//
// A reader treats whatever does not fit this table as no mark at all.

/// <summary>What the journal's leader has done in a partition: everything that the snapshot sees has been applied to the entries of the
/// generation.</summary>
/// <param name="PostgresTime">Microseconds since the Unix epoch on PostgreSQL's clock. What had been committed by then is in the snapshot.</param>
/// <param name="Generation">The generation.</param>
/// <param name="BootMark">What database counted the ids of the snapshot.</param>
/// <param name="Snapshot">The snapshot.</param>
internal sealed record AppliedMark(long PostgresTime, long Generation, BootMark BootMark, SnapshotStamp Snapshot)
{
    private const byte Magic = 0xCA;
    private const byte Version = 1;
    private const int FixedLength = 48;

    /// <summary>Whether it says of everything that another snapshot of the same database sees that it is applied.</summary>
    public bool Covers(SnapshotStamp other)
    {
        if (Snapshot.Xmax < other.Xmax)
        {
            return false;
        }

        foreach (var id in Snapshot.Xip)
        {
            if (id >= other.Xmax)
            {
                break;
            }

            if (other.Xip.BinarySearch(id) < 0)
            {
                return false;
            }
        }

        return true;
    }

    public byte[] ToBytes()
    {
        var xip = Snapshot.Xip;
        var bytes = new byte[FixedLength + (8 * xip.Length)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, PostgresTime);
        bytes[8] = Magic;
        bytes[9] = Version;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), xip.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Generation);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), BootMark.Value ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), Snapshot.Xmin);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), Snapshot.Xmax);
        for (var i = 0; i < xip.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FixedLength + (8 * i)), xip[i]);
        }

        return bytes;
    }

    /// <summary>Bytes found in Redis are untrusted.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out AppliedMark? mark)
    {
        mark = null;
        if (!TryReadAge(bytes, out var postgresTime, out var generation))
        {
            return false;
        }

        var bootMark = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
        var xmin = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]);
        var xmax = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]);
        var xip = new ulong[(bytes.Length - FixedLength) / 8];
        for (var i = 0; i < xip.Length; i++)
        {
            xip[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(FixedLength + (8 * i))..]);
        }

        if (!SnapshotStamp.IsConsistent(xmin, xmax, xip))
        {
            return false;
        }

        mark = new AppliedMark(
            postgresTime, generation, bootMark == 0 ? BootMark.Unknown : new BootMark(bootMark), new SnapshotStamp(xmin, xmax, xip));
        return true;
    }

    /// <summary>The part of it that says how old an entry may be, without an allocation: for each hit that asks.</summary>
    public static bool TryReadAge(ReadOnlySpan<byte> bytes, out long postgresTime, out long generation)
    {
        if (bytes.Length < FixedLength
            || bytes[8] != Magic
            || bytes[9] != Version
            || bytes[10] != 0
            || bytes[11] != 0
            || bytes.Length != FixedLength + (8L * BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..])))
        {
            (postgresTime, generation) = (0, 0);
            return false;
        }

        postgresTime = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        generation = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        return true;
    }
}
