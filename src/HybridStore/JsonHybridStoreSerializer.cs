using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HybridStore.Serialization;

namespace HybridStore;

/// <summary>The default serializer: System.Text.Json, UTF-8.</summary>
/// <remarks>
/// Types whose values would come back different, empty or not at all (a <see cref="ValueTuple"/> without
/// <see cref="JsonSerializerOptions.IncludeFields"/>, a member of type <see cref="object"/>, a <see cref="Stream"/>) are refused
/// with a <see cref="NotSupportedException"/> at first use; its message names the member and the remedy. It is that exception
/// because no argument is at fault: the type itself is one that this serializer does not support, which is also how
/// System.Text.Json says so.
/// </remarks>
public sealed class JsonHybridStoreSerializer : IHybridStoreSerializer
{
    [ThreadStatic]
    private static IdleWriter _idleWriter;

    private readonly JsonSerializerOptions _options;
    private readonly JsonWriterOptions _writerOptions;
    private readonly PerTypeCache _typeInfos = new();

    /// <summary>Creates the serializer.</summary>
    /// <param name="options">
    /// How to write JSON; later changes to the object have no effect. For source-generated contracts set
    /// <see cref="JsonSerializerOptions.TypeInfoResolver"/> or fill <see cref="JsonSerializerOptions.TypeInfoResolverChain"/>,
    /// or pass the <c>Options</c> of a context; without a resolver the contracts come from reflection.
    /// <see langword="null"/> means <see cref="JsonSerializerOptions.Default"/>.
    /// </param>
    public JsonHybridStoreSerializer(JsonSerializerOptions? options = null)
    {
        _options = options ?? JsonSerializerOptions.Default;
        if (!_options.IsReadOnly)
        {
            _options = new JsonSerializerOptions(_options);
            _options.MakeReadOnly(populateMissingResolver: true);
        }

        _writerOptions = new JsonWriterOptions
        {
            Encoder = _options.Encoder,
            Indented = _options.WriteIndented,
            IndentCharacter = _options.IndentCharacter,
            IndentSize = _options.IndentSize,
            MaxDepth = _options.MaxDepth,
            NewLine = _options.NewLine,
        };
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Values of this type do not survive a round trip.</exception>
    public void Serialize<T>(T value, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        JsonTypeInfo<T> typeInfo = GetTypeInfo<T>();

        // The idle writer leaves its place while it is at work: a converter may serialise through us on this very thread.
        // After an exception it is not put back, since its state is then anyone's guess.
        IdleWriter idle = _idleWriter;
        _idleWriter = default;
        Utf8JsonWriter writer;
        if (ReferenceEquals(idle.Owner, this) && idle.Writer is { } reusable)
        {
            writer = reusable;
            writer.Reset(target);
        }
        else
        {
            writer = new Utf8JsonWriter(target, _writerOptions);
        }

        JsonSerializer.Serialize(writer, value, typeInfo);
        writer.Flush();
        writer.Reset(NoTarget.Instance);
        _idleWriter = new IdleWriter(this, writer);
    }

    /// <inheritdoc/>
    /// <exception cref="JsonException">The payload is not JSON, or not the JSON of such a value.</exception>
    /// <exception cref="NotSupportedException">Values of this type do not survive a round trip.</exception>
    public T Deserialize<T>(ReadOnlySequence<byte> source)
    {
        JsonTypeInfo<T> typeInfo = GetTypeInfo<T>();
        if (source.IsSingleSegment)
        {
            return JsonSerializer.Deserialize(source.FirstSpan, typeInfo)!;
        }

        // Payloads come in one piece as a rule. One that does not is joined, so that there is a single way of reading, which
        // also is the one that refuses anything behind the value.
        int length = checked((int)source.Length);
        byte[] joined = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            source.CopyTo(joined);
            return JsonSerializer.Deserialize(joined.AsSpan(0, length), typeInfo)!;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(joined);
        }
    }

    /// <summary>The contract of a type, after the round-trip guard has looked at it once.</summary>
    internal JsonTypeInfo<T> GetTypeInfo<T>() =>
        _typeInfos.Find<T, JsonTypeInfo<T>>()
        ?? _typeInfos.Add<T, JsonTypeInfo<T>>((JsonTypeInfo<T>)JsonRoundTripGuard.Check(typeof(T), _options));

    // A writer keeps the options it was made with, so it goes back only to the serializer that made it.
    private readonly record struct IdleWriter(JsonHybridStoreSerializer Owner, Utf8JsonWriter Writer);

    /// <summary>Where an idle writer points, so that it holds on to no entry's buffer.</summary>
    private sealed class NoTarget : IBufferWriter<byte>
    {
        public static readonly NoTarget Instance = new();

        public void Advance(int count) => throw NotWriting();

        public Memory<byte> GetMemory(int sizeHint = 0) => throw NotWriting();

        public Span<byte> GetSpan(int sizeHint = 0) => throw NotWriting();

        private static InvalidOperationException NotWriting() => new("An idle JSON writer has nothing to write.");
    }
}
