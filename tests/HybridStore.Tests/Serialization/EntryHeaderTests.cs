using CsCheck;
using HybridStore.Fencing;
using HybridStore.Serialization;

namespace HybridStore.Tests.Serialization;

public class EntryHeaderTests
{
    // The wire format of version 1, byte by byte. If this fails, entries of released versions have become unreadable and the
    // Lua scripts read the wrong offsets: a change needs another version byte, not other bytes here.
    private const string GoldenStampedCompressed =
        "C5" + "01" + "06" + "02" +
        "00A0724E18090000" + "88776E4E18090000" + "DC050000" + "07000000" + "44332211" +
        "E803000000000000" + "F203000001000000" + "E903000000000000" + "EB03000001000000" +
        "00100000";

    private const string GoldenNull =
        "C5" + "01" + "01" + "00" +
        "0200000000000000" + "0100000000000000" + "FFFFFFFF" + "FEFFFFFF" + "04030201";

    private static readonly Gen<EntryHeaderFields> Fields = Gen.Select(
        Gen.Long[0, long.MaxValue],
        Gen.Long[0, long.MaxValue],
        Gen.Long[0, uint.MaxValue],
        Gen.Int,
        TestGens.HeaderStamps.Null()).Select((expiry, creation, microseconds, schema, stamp) => new EntryHeaderFields(
            expiry, creation, TimeSpan.FromTicks(microseconds * TimeSpan.TicksPerMicrosecond), schema, stamp));

    [Fact]
    public void Stamped_and_compressed_header_has_the_pinned_bytes()
    {
        var fields = new EntryHeaderFields(
            ExpiresAt: 0x0918_4E72_A000,
            CreatedAt: 0x0918_4E6E_7788,
            LoadTime: TimeSpan.FromMicroseconds(1500),
            SchemaVersion: 7,
            Stamp: new SnapshotStamp(1000, 0x1_0000_03F2, 1001, 0x1_0000_03EB));

        Assert.Equal(GoldenStampedCompressed, Convert.ToHexString(Write(fields, 0x11223344, isNull: false, uncompressedLength: 4096)));
        Assert.True(EntryHeader.TryRead(Convert.FromHexString(GoldenStampedCompressed), out EntryHeader header));
        Assert.Equal(68, header.Length);
        Assert.Equal(4096, header.UncompressedLength);
        Assert.Equal(fields.Stamp, header.ReadStamp(Convert.FromHexString(GoldenStampedCompressed)));
    }

    [Fact]
    public void Null_header_has_the_pinned_bytes()
    {
        var fields = new EntryHeaderFields(2, 1, TimeSpan.FromHours(2), -2, null);

        Assert.Equal(GoldenNull, Convert.ToHexString(Write(fields, 0x01020304, isNull: true, uncompressedLength: null)));
        Assert.True(EntryHeader.TryRead(Convert.FromHexString(GoldenNull), out EntryHeader header));
        Assert.True(header.IsNull);
        Assert.False(header.IsStamped);
        Assert.Null(header.ReadStamp(Convert.FromHexString(GoldenNull)));
        Assert.Equal(uint.MaxValue, header.LoadTime.Ticks / TimeSpan.TicksPerMicrosecond);
    }

    [Fact]
    public void Every_header_round_trips() => Gen.Select(
        Fields, Gen.UInt, Gen.Bool, Gen.Int[1, int.MaxValue].Nullable()).Sample((fields, typeHash, isNull, claim) =>
    {
        claim = isNull ? null : claim;
        byte[] bytes = Write(fields, typeHash, isNull, claim);

        Assert.True(EntryHeader.TryRead(bytes, out EntryHeader header));
        Assert.Equal(bytes.Length, header.Length);
        Assert.Equal(fields, new EntryHeaderFields(
            header.ExpiresAt, header.CreatedAt, header.LoadTime, header.SchemaVersion, header.ReadStamp(bytes)));
        Assert.Equal((typeHash, isNull, claim ?? 0), (header.TypeHash, header.IsNull, header.UncompressedLength));
        Assert.Equal(claim is not null, header.IsCompressed);
    });

    [Fact]
    public void A_truncated_header_is_not_readable() => Fields.Sample(fields =>
    {
        byte[] bytes = Write(fields, 1, isNull: false, uncompressedLength: 5);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.False(EntryHeader.TryRead(bytes.AsSpan(0, length), out _));
        }
    });

    [Fact]
    public void Arbitrary_bytes_behind_the_magic_never_throw() => Gen.Byte.Array[0, 400].Sample(bytes =>
    {
        if (bytes.Length > 3)
        {
            (bytes[0], bytes[1], bytes[2], bytes[3]) = (EntryHeader.Magic, EntryHeader.Version, (byte)(bytes[2] & 7), (byte)(bytes[3] & 63));
        }

        if (EntryHeader.TryRead(bytes, out EntryHeader header))
        {
            Assert.InRange(header.Length, EntryHeader.FixedLength, Math.Min(bytes.Length, EntryHeader.MaximumLength));
            Assert.Equal(header.IsStamped, header.ReadStamp(bytes) is not null);
        }
    });

    [Theory]
    [InlineData(0, 0xC4)] // magic
    [InlineData(1, 0x02)] // version
    [InlineData(2, 0x0E)] // an unknown flag
    [InlineData(2, 0x04)] // not stamped, but with ids
    [InlineData(2, 0x07)] // null and compressed
    [InlineData(3, 0x21)] // 33 ids
    [InlineData(11, 0x80)] // negative expiry
    [InlineData(19, 0x80)] // negative creation
    [InlineData(39, 0x01)] // xmin above xmax
    [InlineData(32, 0xEA)] // xmin above the first id
    [InlineData(44, 0x00)] // xmax below the second id
    [InlineData(48, 0x00)] // an id below xmin
    [InlineData(56, 0xE9, 60, 0x00)] // the same id twice
    [InlineData(56, 0xE8, 60, 0x00)] // ids that descend
    [InlineData(60, 0x02)] // an id from xmax on
    [InlineData(67, 0x80)] // negative uncompressed length
    [InlineData(65, 0x00)] // uncompressed length 0
    public void Inconsistent_headers_are_not_readable(int offset, byte value, int offset2 = -1, byte value2 = 0)
    {
        byte[] bytes = Convert.FromHexString(GoldenStampedCompressed);
        bytes[offset] = value;
        if (offset2 >= 0)
        {
            bytes[offset2] = value2;
        }

        Assert.False(EntryHeader.TryRead([.. bytes, .. new byte[400]], out EntryHeader header));
        Assert.Equal(0, header.Length);
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        byte[] bytes = Convert.FromHexString(GoldenStampedCompressed);
        EntryHeader.TryRead(bytes, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool read = true;
        for (int i = 0; i < 1000; i++)
        {
            read &= EntryHeader.TryRead(bytes, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(read);
    }

    [Fact]
    public void Writing_refuses_what_could_not_be_read()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(new(-1, 0, default, 0, null), 0, false, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(new(0, -1, default, 0, null), 0, false, null));
        var full = new SnapshotStamp(1, 100, [.. Enumerable.Range(1, 33).Select(id => (ulong)id)]);
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(new(0, 0, default, 0, full), 0, false, null));
    }

    private static byte[] Write(EntryHeaderFields fields, uint typeHash, bool isNull, int? uncompressedLength)
    {
        var bytes = new byte[EntryHeader.LengthOf(fields.Stamp, uncompressedLength is not null)];
        EntryHeader.Write(bytes, fields, typeHash, isNull, uncompressedLength);
        return bytes;
    }
}
