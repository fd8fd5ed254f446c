using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace HybridStore.Tests.Serialization;

public partial class JsonHybridStoreSerializerTests
{
    private readonly JsonHybridStoreSerializer _serializer = new();

    [Fact]
    public void A_source_generated_context_serves_its_types_and_only_those()
    {
        var serializer = new JsonHybridStoreSerializer(Generated.Default.Options);
        Assert.Equal("""{"id":3}""", Write(serializer, new GeneratedProduct { Id = 3 }));
        Assert.Equal(3, Read<GeneratedProduct>(serializer, """{"id":3}""").Id);

        var refusal = Assert.Throws<NotSupportedException>(() => Write(serializer, new List<Uri>()));
        Assert.Contains("System.Uri", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("[JsonSerializable]", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_resolver_chain_falls_back_to_reflection()
    {
        var options = new JsonSerializerOptions();
        options.TypeInfoResolverChain.Add(Generated.Default);
        options.TypeInfoResolverChain.Add(new DefaultJsonTypeInfoResolver());
        var serializer = new JsonHybridStoreSerializer(options);
        Assert.Equal("""{"Id":3}""", Write(serializer, new GeneratedProduct { Id = 3 }));
        Assert.Equal("[1]", Write(serializer, new List<int> { 1 }));
    }

    [Fact]
    public void Later_changes_to_the_options_have_no_effect()
    {
        var options = new JsonSerializerOptions();
        var serializer = new JsonHybridStoreSerializer(options);
        options.WriteIndented = true;
        Assert.False(options.IsReadOnly);
        Assert.Equal("""{"Id":1}""", Write(serializer, new GeneratedProduct { Id = 1 }));
    }

    [Fact]
    public void Options_of_the_writer_are_honoured_by_each_serializer_on_a_thread()
    {
        var indented = new JsonHybridStoreSerializer(new() { WriteIndented = true, IndentSize = 1, NewLine = "\n" });
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("{\n \"Id\": 1\n}", Write(indented, new GeneratedProduct { Id = 1 }));
            Assert.Equal("""{"Id":1}""", Write(_serializer, new GeneratedProduct { Id = 1 }));
        }
    }

    [Fact]
    public void A_converter_may_serialize_through_the_same_serializer()
    {
        var options = new JsonSerializerOptions();
        var converter = new ReentrantConverter();
        options.Converters.Add(converter);
        var serializer = new JsonHybridStoreSerializer(options);
        converter.Inner = serializer;

        string expected = """["{\u0022Id\u0022:1}","{\u0022Id\u0022:2}"]""";
        Assert.Equal(expected, Write(serializer, new[] { new Uri("urn:1"), new Uri("urn:2") }));
        Assert.Equal(expected, Write(serializer, new[] { new Uri("urn:1"), new Uri("urn:2") }));
    }

    [Fact]
    public void A_failed_write_does_not_leak_into_the_next()
    {
        Assert.Throws<ArgumentException>(() => Write(_serializer, new[] { 1.5, double.NaN }));
        Assert.Equal("[1.5]", Write(_serializer, new[] { 1.5 }));
    }

    [Fact]
    public void Reusing_the_writer_allocates_nothing_per_call()
    {
        var target = new ArrayBufferWriter<byte>(4096);
        long Serialize()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                target.ResetWrittenCount();
                _serializer.Serialize(i, target);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Serialize();
        Serialize();
        Assert.Equal(0, Serialize());
    }

    [Theory]
    [InlineData("[1,2,3]", 2)]
    [InlineData("[1,2,3]", 1)]
    public void A_payload_in_pieces_reads_like_one_in_one_piece(string json, int pieceLength) =>
        Assert.Equal([1, 2, 3], _serializer.Deserialize<int[]>(Pieces(json, pieceLength)));

    [Theory]
    [InlineData("[1] 2")]
    [InlineData("[1]]")]
    [InlineData("[1")]
    [InlineData("")]
    public void Trailing_and_missing_bytes_are_refused(string json)
    {
        Assert.Throws<JsonException>(() => Read<int[]>(_serializer, json));
        Assert.Throws<JsonException>(() => _serializer.Deserialize<int[]>(Pieces(json, 1)));
    }

    [Fact]
    public async Task Many_threads_share_one_serializer()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await Parallel.ForEachAsync(Enumerable.Range(0, 500), cancellationToken, (i, _) =>
        {
            Order read = Read<Order>(_serializer, Write(_serializer, new Order { Id = i, Customer = $"customer {i}" }));
            Assert.Equal((i, $"customer {i}"), (read.Id, read.Customer));
            return ValueTask.CompletedTask;
        });
    }

    private static string Write<T>(JsonHybridStoreSerializer serializer, T value)
    {
        var target = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, target);
        return Encoding.UTF8.GetString(target.WrittenSpan);
    }

    private static T Read<T>(JsonHybridStoreSerializer serializer, string json) =>
        serializer.Deserialize<T>(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json)));

    private static ReadOnlySequence<byte> Pieces(string json, int pieceLength)
    {
        Piece? first = null;
        Piece? last = null;
        foreach (byte[] piece in Encoding.UTF8.GetBytes(json).Chunk(pieceLength).Append([]))
        {
            last = new Piece(piece, last);
            first ??= last;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    [JsonSerializable(typeof(GeneratedProduct))]
    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    internal sealed partial class Generated : JsonSerializerContext;

    internal sealed class GeneratedProduct
    {
        public int Id { get; set; }
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, Piece? previous)
        {
            Memory = bytes;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }

    private sealed class ReentrantConverter : JsonConverter<Uri>
    {
        public JsonHybridStoreSerializer? Inner { get; set; }

        public override Uri Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Uri value, JsonSerializerOptions options) =>
            writer.WriteStringValue(JsonHybridStoreSerializerTests.Write(
                Inner!, new GeneratedProduct { Id = int.Parse(value.AbsolutePath, System.Globalization.CultureInfo.InvariantCulture) }));
    }
}
