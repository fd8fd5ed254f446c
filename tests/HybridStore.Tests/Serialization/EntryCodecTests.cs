using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using HybridStore.Fencing;
using HybridStore.Serialization;

namespace HybridStore.Tests.Serialization;

public class EntryCodecTests
{
    private const int Maximum = 1 << 20;
    private static readonly EntryHeaderFields Fields =
        new(2000, 1000, TimeSpan.FromMilliseconds(3), 7, new SnapshotStamp(100, 120, 101, 119));

    private readonly EntryCodec _codec = new(new SerializerRegistry(new JsonHybridStoreSerializer()));

    [Fact]
    public void An_entry_has_the_pinned_bytes()
    {
        using EncodeResult result = _codec.Encode(42, new EntryHeaderFields(2, 1, TimeSpan.FromMicroseconds(3), 4, null), Maximum);
        string typeHash = Convert.ToHexString(BitConverter.GetBytes(TypeHash<int>.Value));
        Assert.Equal(
            "C5010000" + "0200000000000000" + "0100000000000000" + "03000000" + "04000000" + typeHash + "3432",
            Convert.ToHexString(result.Entry.Span));
    }

    [Fact]
    public void Any_value_round_trips_with_any_stamp_and_compression() => Gen.Select(
        TestGens.Orders, TestGens.Stamps.Null(), Gen.Int[0, 200].Nullable()).Sample((order, stamp, threshold) =>
    {
        EntryHeaderFields fields = Fields with { Stamp = stamp };
        using EncodeResult result = _codec.Encode(order, fields, Maximum, threshold);
        byte[] entry = result.Entry.ToArray();

        Assert.Equal(DecodeOutcome.Ok, _codec.TryDecode(entry, 7, Maximum, out EntryHeader header, out Order? value, out _));
        Assert.Equal(JsonSerializer.Serialize(order), JsonSerializer.Serialize(value));
        Assert.Equal(stamp?.ForHeader(), header.ReadStamp(entry));
        Assert.Equal((2000, 1000, 3), (header.ExpiresAt, header.CreatedAt, header.LoadTime.Milliseconds));
    });

    [Fact]
    public void An_entry_gets_another_stamp_and_stays_as_it_is_otherwise() => Gen.Select(
        TestGens.Orders, TestGens.Stamps.Null(), TestGens.Stamps, Gen.Int[0, 200].Nullable()).Sample((order, before, stamp, threshold) =>
    {
        using EncodeResult stamped = _codec.Encode(order, Fields with { Stamp = stamp }, Maximum, threshold);
        using EncodeResult result = _codec.Encode(order, Fields with { Stamp = before }, Maximum, threshold);
        using EncodeResult restamped = EntryCodec.Restamp(result.Entry.Span, stamp);

        Assert.Equal(stamped.Entry.ToArray(), restamped.Entry.ToArray());
    });

    [Fact]
    public void Only_an_entry_gets_another_stamp() =>
        Assert.Throws<ArgumentException>("entry", () => EntryCodec.Restamp([1, 2, 3], new SnapshotStamp(3, 3)));

    [Fact]
    public void A_value_that_compresses_is_stored_compressed_and_comes_back()
    {
        string text = string.Concat(Enumerable.Repeat("the same again ", 1000));
        using EncodeResult result = _codec.Encode(text, Fields, Maximum, compressionThreshold: 1024);

        Assert.Equal(DecodeOutcome.Ok, _codec.TryDecode(result.Entry, 7, Maximum, out EntryHeader header, out string? value, out _));
        Assert.True(header.IsCompressed);
        Assert.Equal(text.Length + 2, header.UncompressedLength);
        Assert.InRange(result.Entry.Length, header.Length, 1000);
        Assert.Equal(text, value);
    }

    [Fact]
    public void Compression_is_left_out_below_the_threshold_and_where_it_saves_too_little()
    {
        var noise = new byte[5000];
        new Random(1).NextBytes(noise);
        var raw = new EntryCodec(new SerializerRegistry(new RawBytesSerializer()));
        using EncodeResult random = raw.Encode(noise, Fields, Maximum, compressionThreshold: 10);
        using EncodeResult small = _codec.Encode(new string('a', 500), Fields, Maximum, compressionThreshold: 1024);
        using EncodeResult empty = raw.Encode(Array.Empty<byte>(), Fields, Maximum, compressionThreshold: 0);

        Assert.Equal(DecodeOutcome.Ok, raw.TryDecode(random.Entry, 7, Maximum, out EntryHeader header, out byte[]? value, out _));
        Assert.False(header.IsCompressed);
        Assert.Equal(noise, value);
        Assert.Equal(DecodeOutcome.Ok, EntryCodec.TryReadHeader<string>(small.Entry.Span, 7, out header));
        Assert.False(header.IsCompressed);
        Assert.Equal(DecodeOutcome.Ok, raw.TryDecode(empty.Entry, 7, Maximum, out _, out value, out _));
        Assert.Empty(value!);
    }

    [Fact]
    public void Null_is_a_flag_without_payload()
    {
        using EncodeResult result = _codec.Encode<Order?>(null, Fields, Maximum, compressionThreshold: 0);

        Assert.Equal(DecodeOutcome.Ok, _codec.TryDecode(result.Entry, 7, Maximum, out EntryHeader header, out Order? value, out _));
        Assert.True(header.IsNull);
        Assert.Equal(header.Length, result.Entry.Length);
        Assert.Null(value);
        byte[] longer = [.. result.Entry.Span, 0];
        Assert.Equal(DecodeOutcome.Undecodable, EntryCodec.TryReadHeader<Order?>(longer, 7, out _));
    }

    [Fact]
    public void A_nullable_struct_shares_entries_with_the_struct_but_never_gives_it_a_null()
    {
        using EncodeResult five = _codec.Encode<int?>(5, Fields, Maximum);
        using EncodeResult none = _codec.Encode<int?>(null, Fields, Maximum);

        Assert.Equal(DecodeOutcome.Ok, _codec.TryDecode(five.Entry, 7, Maximum, out _, out int value, out _));
        Assert.Equal(5, value);
        Assert.Equal(DecodeOutcome.OtherType, _codec.TryDecode(none.Entry, 7, Maximum, out _, out value, out _));
        Assert.Equal(DecodeOutcome.Ok, _codec.TryDecode(none.Entry, 7, Maximum, out _, out int? nothing, out _));
        Assert.Null(nothing);
    }

    [Fact]
    public void Other_versions_and_types_are_told_apart()
    {
        using EncodeResult result = _codec.Encode("text", Fields, Maximum);

        Assert.Equal(DecodeOutcome.OtherSchemaVersion, _codec.TryDecode(result.Entry, 8, Maximum, out _, out string? text, out _));
        Assert.Equal(DecodeOutcome.OtherType, _codec.TryDecode(result.Entry, 7, Maximum, out _, out Order? order, out _));
        Assert.Equal(DecodeOutcome.Undecodable, _codec.TryDecode("\"text\""u8.ToArray(), 7, Maximum, out _, out text, out _));
        Assert.Equal(DecodeOutcome.Undecodable, _codec.TryDecode(default, 7, Maximum, out _, out text, out _));
        Assert.Null(order);
    }

    [Fact]
    public void A_payload_over_the_limit_stops_the_serializer_early()
    {
        int written = 0;
        IEnumerable<string> Endless()
        {
            while (true)
            {
                written++;
                yield return new string('x', 100);
            }
        }

        using EncodeResult tooLarge = _codec.Encode(Endless(), Fields, 10_000);
        using EncodeResult exact = _codec.Encode(new string('x', 98), Fields, 100);
        using EncodeResult oneOver = _codec.Encode(new string('x', 99), Fields, 100);

        Assert.Equal(EncodeOutcome.TooLarge, tooLarge.Outcome);
        Assert.InRange(written, 90, 300);
        Assert.Equal(EncodeOutcome.Encoded, exact.Outcome);
        Assert.Equal(EncodeOutcome.TooLarge, oneOver.Outcome);
        Assert.Throws<InvalidOperationException>(() => oneOver.Entry);
    }

    [Fact]
    public void A_serializer_that_hides_the_limit_does_not_get_past_it()
    {
        var codec = new EntryCodec(new SerializerRegistry(new RawBytesSerializer { HidesExceptions = true }));
        using EncodeResult result = codec.Encode(new byte[200], Fields, 100);
        Assert.Equal(EncodeOutcome.TooLarge, result.Outcome);
    }

    [Fact]
    public void A_serializer_that_keeps_its_target_cannot_write_into_a_recycled_buffer()
    {
        var serializer = new RawBytesSerializer();
        var codec = new EntryCodec(new SerializerRegistry(serializer));
        using EncodeResult result = codec.Encode(new byte[10], Fields, 100);
        Assert.Throws<ObjectDisposedException>(() => serializer.LastTarget!.GetSpan(1));
    }

    [Fact]
    public void What_a_serializer_throws_is_reported()
    {
        using EncodeResult result = _codec.Encode(double.NaN, Fields, Maximum);
        Assert.Equal(EncodeOutcome.Unserializable, result.Outcome);
        Assert.IsType<ArgumentException>(result.Exception);
    }

    [Fact]
    public void An_unreadable_payload_is_reported_without_its_text()
    {
        byte[] entry = Entry("""{"Secret@Key":"Secret@Value" """);
        Assert.Equal(DecodeOutcome.Undecodable, _codec.TryDecode(entry, 7, Maximum, out _, out Dictionary<string, int>? _, out var failure));
        Assert.DoesNotContain("Secret", failure!.ToString(), StringComparison.Ordinal);
        Assert.Null(failure.InnerException);
        Assert.Contains("JsonException", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{} {}")]
    [InlineData("{}x")]
    [InlineData("")]
    public void Payloads_that_are_not_one_value_are_undecodable(string payload)
    {
        byte[] entry = Entry(payload);
        Assert.Equal(DecodeOutcome.Undecodable, _codec.TryDecode(entry, 7, Maximum, out _, out Dictionary<string, int>? value, out _));
        Assert.Null(value);
    }

    [Fact]
    public void A_claimed_length_is_checked_before_anything_is_rented()
    {
        using EncodeResult result = _codec.Encode(new string('a', 5000), Fields with { Stamp = null }, Maximum, 1);
        byte[] entry = result.Entry.ToArray();
        BitConverter.TryWriteBytes(entry.AsSpan(EntryHeader.FixedLength), int.MaxValue);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(DecodeOutcome.Undecodable, _codec.TryDecode(entry, 7, Maximum, out _, out string? _, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
        Assert.Equal(DecodeOutcome.Undecodable, _codec.TryDecode(result.Entry, 7, 5001, out _, out string? _, out _));
        Assert.Equal(DecodeOutcome.Ok, _codec.TryDecode(result.Entry, 7, 5002, out _, out string? _, out _));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_compressed_payload_of_another_length_than_claimed_is_undecodable(int difference)
    {
        using EncodeResult result = _codec.Encode(new string('a', 5000), Fields with { Stamp = null }, Maximum, 1);
        byte[] entry = result.Entry.ToArray();
        BitConverter.TryWriteBytes(entry.AsSpan(EntryHeader.FixedLength), 5002 + difference);
        Assert.Equal(DecodeOutcome.Undecodable, _codec.TryDecode(entry, 7, Maximum, out _, out string? _, out var failure));
        Assert.NotNull(failure);
        Assert.Equal(
            DecodeOutcome.Undecodable,
            _codec.TryDecode(result.Entry.ToArray().Append((byte)0).ToArray(), 7, Maximum, out _, out string? _, out _));
    }

    [Fact]
    public void Mutated_and_truncated_entries_never_throw_and_allocate_little() => Gen.Select(
        TestGens.Orders, Gen.Bool, Gen.Select(Gen.Int[0, 5000], Gen.Byte).Array[1, 4], Gen.Int[0, 5000]).Sample(
        (order, compress, mutations, cut) =>
    {
        using EncodeResult result = _codec.Encode(order, Fields, Maximum, compress ? 0 : null);
        byte[] entry = result.Entry.ToArray();
        foreach ((int position, byte value) in mutations)
        {
            entry[position % entry.Length] = value;
        }

        AssertHarmless(entry);
        AssertHarmless(entry.AsMemory(0, cut % entry.Length));
    });

    [Fact]
    public void Arbitrary_bytes_never_throw() => Gen.Byte.Array[0, 300].Sample(bytes => AssertHarmless(bytes));

    [Fact]
    public void Arbitrary_compressed_payloads_never_throw() => Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[1, Maximum]).Sample((payload, claim) =>
    {
        var entry = new byte[EntryHeader.FixedLength + 4 + payload.Length];
        EntryHeader.Write(entry, Fields with { Stamp = null }, TypeHash<Order>.Value, isNull: false, claim);
        payload.CopyTo(entry, EntryHeader.FixedLength + 4);
        AssertHarmless(entry);
    });

    [Fact]
    public void Decoding_allocates_nothing_but_the_value()
    {
        using EncodeResult number = _codec.Encode(12345L, Fields, Maximum);
        using EncodeResult order = _codec.Encode(new Order { Id = 1, Lines = [new Line { Text = "a" }] }, Fields, Maximum);
        byte[] json = order.Entry.Span[EntryHeader.LengthOf(Fields.Stamp, isCompressed: false)..].ToArray();
        var typeInfo = (System.Text.Json.Serialization.Metadata.JsonTypeInfo<Order>)JsonSerializerOptions.Default.GetTypeInfo(typeof(Order));

        Assert.Equal(0, Allocated(() => _codec.TryDecode(number.Entry, 7, Maximum, out _, out long _, out _)));
        Assert.Equal(
            Allocated(() => JsonSerializer.Deserialize(json, typeInfo)),
            Allocated(() => _codec.TryDecode(order.Entry, 7, Maximum, out _, out Order? _, out _)));
    }

    [Fact]
    public void Disposing_twice_returns_the_buffer_once()
    {
        EncodeResult result = _codec.Encode(1, Fields, Maximum);
        result.Dispose();
        result.Dispose();
        Assert.Throws<ObjectDisposedException>(() => result.Entry);
    }

    private static long Allocated(Action action)
    {
        // Long enough for tiered compilation to be done with the paths in question.
        for (int i = 0; i < 200; i++)
        {
            action();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            action();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
    }

    private static byte[] Entry(string payload)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(payload);
        var entry = new byte[EntryHeader.FixedLength + bytes.Length];
        EntryHeader.Write(entry, Fields with { Stamp = null }, TypeHash<Dictionary<string, int>>.Value, isNull: false, null);
        bytes.CopyTo(entry, EntryHeader.FixedLength);
        return entry;
    }

    private void AssertHarmless(ReadOnlyMemory<byte> entry)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        DecodeOutcome outcome = _codec.TryDecode(entry, 7, Maximum, out EntryHeader header, out Order? value, out var failure);

        // The most that a claim can cost is one pooled array of the limit; exceptions and values take the rest.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2 * Maximum) + 300_000);
        Assert.Equal(outcome == DecodeOutcome.Ok && !header.IsNull, value is not null);
        Assert.True(outcome == DecodeOutcome.Undecodable || failure is null);
    }
}
