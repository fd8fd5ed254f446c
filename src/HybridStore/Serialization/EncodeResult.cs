using System.Buffers;

namespace HybridStore.Serialization;

/// <summary>How an attempt to encode a value ended.</summary>
internal enum EncodeOutcome
{
    /// <summary>The bytes are there.</summary>
    Encoded,

    /// <summary>The payload is over its limit: the value is returned to the caller and not stored.</summary>
    TooLarge,

    /// <summary>The serializer threw: the value is returned to the caller and not stored.</summary>
    Unserializable,
}

/// <summary>
/// An encoded entry in a pooled array, or the reason why there is none. <b>Dispose only when nobody can read the bytes any
/// more:</b> a command that timed out may still wait in the client's queue, and a recycled array would then be sent under this
/// key with another entry in it. In doubt do not dispose: the array is then collected like any other.
/// </summary>
internal sealed class EncodeResult : IDisposable
{
    private readonly int _length;
    private byte[]? _buffer;

    private EncodeResult(EncodeOutcome outcome, byte[]? buffer, int length, Exception? exception)
    {
        Outcome = outcome;
        _buffer = buffer;
        _length = length;
        Exception = exception;
    }

    public EncodeOutcome Outcome { get; }

    /// <summary>What the serializer threw; its message may quote the value.</summary>
    public Exception? Exception { get; }

    /// <summary>Header and payload.</summary>
    public ReadOnlyMemory<byte> Entry => Outcome == EncodeOutcome.Encoded
        ? (_buffer ?? throw new ObjectDisposedException(nameof(EncodeResult))).AsMemory(0, _length)
        : throw new InvalidOperationException($"There is no entry: the outcome is {Outcome}.");

    public static EncodeResult Encoded(byte[] pooled, int length) => new(EncodeOutcome.Encoded, pooled, length, null);

    public static EncodeResult TooLarge() => new(EncodeOutcome.TooLarge, null, 0, null);

    public static EncodeResult Unserializable(Exception exception) => new(EncodeOutcome.Unserializable, null, 0, exception);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
