using System.Buffers;
using System.IO.Compression;

namespace HybridStore.Serialization;

/// <summary>Brotli at its fastest setting: entries are read and written far more often than the bandwidth is worth.</summary>
internal static class PayloadCompression
{
    private const int Quality = 1;
    private const int Window = 22;

    /// <summary>
    /// Compresses into <paramref name="destination"/>, or says no if the result does not fit there. The codec offers only
    /// <see cref="WorthwhileLength"/> bytes, so that "does not fit" and "is not worth it" are one answer.
    /// </summary>
    public static bool TryCompress(ReadOnlySpan<byte> payload, Span<byte> destination, out int written) =>
        BrotliEncoder.TryCompress(payload, destination, out written, Quality, Window);

    /// <summary>The most that a compressed payload may take: a saving below a tenth does not pay for decompression.</summary>
    public static int WorthwhileLength(int payloadLength) => (int)(payloadLength * 9L / 10);

    /// <summary>
    /// Decompresses the whole of <paramref name="compressed"/>; anything but exactly <paramref name="expectedLength"/> bytes
    /// from exactly this input is refused.
    /// </summary>
    /// <param name="compressed">The stored payload.</param>
    /// <param name="destination">At least one byte longer than expected, or an overlong stream would go unnoticed.</param>
    /// <param name="expectedLength">What the header claims.</param>
    public static bool TryDecompress(ReadOnlySpan<byte> compressed, Span<byte> destination, int expectedLength)
    {
        using var decoder = default(BrotliDecoder);
        OperationStatus status = decoder.Decompress(
            compressed, destination[..(expectedLength + 1)], out int consumed, out int written);
        return status == OperationStatus.Done && consumed == compressed.Length && written == expectedLength;
    }
}
