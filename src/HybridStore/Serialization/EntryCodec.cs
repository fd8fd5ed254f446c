using System.Buffers;
using HybridStore.Fencing;

namespace HybridStore.Serialization;

/// <summary>
/// Values to entries and back. <see cref="EntryHeader"/> has the wire format. Reading is split in two, so that a caller can
/// look at an entry's expiry before it pays for the payload; neither part ever throws for what it finds in the bytes.
/// </summary>
internal sealed class EntryCodec(SerializerRegistry serializers)
{
    /// <summary>Encodes a value; header and payload share one pooled array.</summary>
    /// <param name="value">The value; null becomes an entry without payload.</param>
    /// <param name="fields">What goes into the header. The stamp is given in full and cut to header form here.</param>
    /// <param name="maximumPayloadBytes">The payload's limit, before compression.</param>
    /// <param name="compressionThreshold">From how many payload bytes on compression is tried; null for never.</param>
    /// <exception cref="NotSupportedException">Values of this type do not survive a round trip.</exception>
    public EncodeResult Encode<T>(
        T value, in EntryHeaderFields fields, int maximumPayloadBytes, int? compressionThreshold = null)
    {
        PayloadSerializer<T> serializer = serializers.For<T>();
        EntryHeaderFields header = fields with { Stamp = fields.Stamp?.ForHeader() };
        int headerLength = EntryHeader.LengthOf(header.Stamp, isCompressed: false);
        using var writer = new PooledBufferWriter(
            headerLength, maximumPayloadBytes, value is null ? 0 : serializer.ExpectedLength);

        if (value is not null)
        {
            try
            {
                serializer.Serialize(value, writer);
            }
            catch (Exception exception)
            {
                // Whatever a serializer throws, the value was loaded and belongs to the caller: it is merely not cached.
                return writer.IsOverLimit ? EncodeResult.TooLarge() : EncodeResult.Unserializable(exception);
            }

            if (writer.IsOverLimit)
            {
                return EncodeResult.TooLarge();
            }

            serializer.ExpectedLength = writer.PayloadLength;
            if (writer.PayloadLength >= compressionThreshold && TryCompress<T>(header, writer) is { } compressed)
            {
                return compressed;
            }
        }

        byte[] entry = writer.Detach(out int length);
        EntryHeader.Write(entry, header, TypeHash<T>.Value, isNull: value is null, uncompressedLength: null);
        return EncodeResult.Encoded(entry, length);
    }

    /// <summary>An entry with another stamp in its header, for values that are encoded before their stamp is known.</summary>
    /// <param name="entry">An entry that <see cref="Encode{T}"/> has made.</param>
    /// <param name="stamp">The stamp, in full.</param>
    public static EncodeResult Restamp(ReadOnlySpan<byte> entry, SnapshotStamp stamp)
    {
        if (!EntryHeader.TryRead(entry, out var header))
        {
            throw new ArgumentException("These bytes are no entry: pass what Encode has returned.", nameof(entry));
        }

        var inHeader = stamp.ForHeader();
        int headerLength = EntryHeader.LengthOf(inHeader, header.IsCompressed);
        int length = headerLength + entry.Length - header.Length;
        byte[] restamped = ArrayPool<byte>.Shared.Rent(length);
        EntryHeader.Write(
            restamped,
            new EntryHeaderFields(header.ExpiresAt, header.CreatedAt, header.LoadTime, header.SchemaVersion, inHeader),
            header.TypeHash,
            header.IsNull,
            header.IsCompressed ? header.UncompressedLength : null);
        entry[header.Length..].CopyTo(restamped.AsSpan(headerLength));
        return EncodeResult.Encoded(restamped, length);
    }

    /// <summary>
    /// Reads and judges the header of an entry. Except for <see cref="DecodeOutcome.Undecodable"/> the header is there.
    /// </summary>
    public static DecodeOutcome TryReadHeader<T>(ReadOnlySpan<byte> entry, int schemaVersion, out EntryHeader header)
    {
        if (!EntryHeader.TryRead(entry, out header) || (header.IsNull && header.Length != entry.Length))
        {
            header = default;
            return DecodeOutcome.Undecodable;
        }

        if (header.SchemaVersion != schemaVersion)
        {
            return DecodeOutcome.OtherSchemaVersion;
        }

        // T? and T of a struct share a hash, so a null stored for the one can meet a reader of the other.
        return header.TypeHash == TypeHash<T>.Value && (!header.IsNull || default(T) is null)
            ? DecodeOutcome.Ok
            : DecodeOutcome.OtherType;
    }

    /// <summary>Reads the payload of an entry whose header was read with <see cref="TryReadHeader{T}"/> and is Ok.</summary>
    /// <param name="entry">The same bytes.</param>
    /// <param name="header">Their header.</param>
    /// <param name="maximumPayloadBytes">No compressed payload that claims more than this is touched.</param>
    /// <param name="value">The value; null for an entry that stands for null.</param>
    /// <param name="failure">Why the payload is not readable, without any of its text.</param>
    /// <returns><see cref="DecodeOutcome.Ok"/> or <see cref="DecodeOutcome.Undecodable"/>.</returns>
    /// <exception cref="NotSupportedException">Values of this type do not survive a round trip.</exception>
    public DecodeOutcome TryDecodePayload<T>(
        ReadOnlyMemory<byte> entry,
        in EntryHeader header,
        int maximumPayloadBytes,
        out T? value,
        out UndecodablePayloadException? failure)
    {
        PayloadSerializer<T> serializer = serializers.For<T>();
        failure = null;
        value = default;
        if (header.IsNull)
        {
            return DecodeOutcome.Ok;
        }

        ReadOnlyMemory<byte> payload = entry[header.Length..];
        if (!header.IsCompressed)
        {
            return Deserialize(serializer, payload, out value, out failure);
        }

        // The claim comes from untrusted bytes: it is bounded before anything is rented by it.
        if (header.UncompressedLength > maximumPayloadBytes)
        {
            failure = new UndecodablePayloadException(typeof(T), "it claims to be larger than an entry may be");
            return DecodeOutcome.Undecodable;
        }

        byte[] uncompressed = ArrayPool<byte>.Shared.Rent(header.UncompressedLength + 1);
        try
        {
            if (PayloadCompression.TryDecompress(payload.Span, uncompressed, header.UncompressedLength))
            {
                return Deserialize(
                    serializer, uncompressed.AsMemory(0, header.UncompressedLength), out value, out failure);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(uncompressed);
        }

        failure = new UndecodablePayloadException(typeof(T), "it does not decompress to the length it claims");
        return DecodeOutcome.Undecodable;
    }

    /// <summary>Both parts in one, for callers that do not care about the expiry.</summary>
    public DecodeOutcome TryDecode<T>(
        ReadOnlyMemory<byte> entry,
        int schemaVersion,
        int maximumPayloadBytes,
        out EntryHeader header,
        out T? value,
        out UndecodablePayloadException? failure)
    {
        DecodeOutcome outcome = TryReadHeader<T>(entry.Span, schemaVersion, out header);
        if (outcome == DecodeOutcome.Ok)
        {
            return TryDecodePayload(entry, header, maximumPayloadBytes, out value, out failure);
        }

        value = default;
        failure = null;
        return outcome;
    }

    private static DecodeOutcome Deserialize<T>(
        PayloadSerializer<T> serializer, ReadOnlyMemory<byte> payload, out T? value, out UndecodablePayloadException? failure)
    {
        try
        {
            value = serializer.Deserialize(new ReadOnlySequence<byte>(payload));
        }
        catch (Exception exception)
        {
            // The bytes are anyone's, and serializers differ in what they throw at bytes they cannot read.
            value = default;
            failure = new UndecodablePayloadException(typeof(T), exception);
            return DecodeOutcome.Undecodable;
        }

        // A null is stored as a flag. From a payload it is somebody else's bytes, and T may not allow it.
        failure = value is null ? new UndecodablePayloadException(typeof(T), "it holds null, which no payload does") : null;
        return value is null ? DecodeOutcome.Undecodable : DecodeOutcome.Ok;
    }

    private static EncodeResult? TryCompress<T>(in EntryHeaderFields fields, PooledBufferWriter writer)
    {
        int headerLength = EntryHeader.LengthOf(fields.Stamp, isCompressed: true);
        int worthwhile = PayloadCompression.WorthwhileLength(writer.PayloadLength);
        byte[] entry = ArrayPool<byte>.Shared.Rent(headerLength + worthwhile);
        if (worthwhile > 0
            && PayloadCompression.TryCompress(writer.Payload, entry.AsSpan(headerLength, worthwhile), out int written))
        {
            EntryHeader.Write(entry, fields, TypeHash<T>.Value, isNull: false, writer.PayloadLength);
            return EncodeResult.Encoded(entry, headerLength + written);
        }

        ArrayPool<byte>.Shared.Return(entry);
        return null;
    }
}
