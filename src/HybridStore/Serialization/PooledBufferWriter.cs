using System.Buffers;

namespace HybridStore.Serialization;

/// <summary>
/// Collects a payload in one pooled array, behind space that is kept free for the header, and stops a serialiser as soon as
/// it has written more than an entry may hold.
/// </summary>
internal sealed class PooledBufferWriter : IBufferWriter<byte>, IDisposable
{
    private readonly int _reserved;
    private readonly int _maximumPayloadBytes;
    private byte[]? _buffer;
    private int _length;

    public PooledBufferWriter(int reserved, int maximumPayloadBytes, int expectedPayloadBytes)
    {
        _reserved = reserved;
        _maximumPayloadBytes = maximumPayloadBytes;
        _length = reserved;
        _buffer = ArrayPool<byte>.Shared.Rent(reserved + expectedPayloadBytes);
    }

    /// <summary>Whether the payload went over its limit, even if the serialiser hid the exception that said so.</summary>
    public bool IsOverLimit { get; private set; }

    public int PayloadLength => _length - _reserved;

    public ReadOnlySpan<byte> Payload => Buffer.AsSpan(_reserved, PayloadLength);

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(
        nameof(PooledBufferWriter), "A serializer must not use its target after Serialize has returned.");

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Buffer.Length - _length);
        if (count > _maximumPayloadBytes - PayloadLength)
        {
            IsOverLimit = true;
            throw new PayloadLimitException(_maximumPayloadBytes);
        }

        _length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int size = Reserve(sizeHint);
        return Buffer.AsMemory(_length, size);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        int size = Reserve(sizeHint);
        return Buffer.AsSpan(_length, size);
    }

    /// <summary>Hands the array (header space and payload) to the caller, who returns it to the pool.</summary>
    public byte[] Detach(out int length)
    {
        byte[] buffer = Buffer;
        length = _length;
        _buffer = null;
        return buffer;
    }

    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Never hands out much more than may still be written: a serialiser that fills what it gets before it advances then
    // meets the limit soon. One byte over is needed, or it could not be seen to go over.
    private int Reserve(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        byte[] buffer = Buffer;
        int needed = Math.Max(sizeHint, 1);
        if (needed > buffer.Length - _length)
        {
            long size = Math.Min(Math.Max((long)_length + needed, 2L * buffer.Length), Array.MaxLength);
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(size, (long)_length + needed));
            buffer.AsSpan(0, _length).CopyTo(larger);
            _buffer = larger;
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        long allowed = Math.Max(needed, (long)_maximumPayloadBytes - PayloadLength + 1);
        return (int)Math.Min(allowed, buffer.Length - _length);
    }
}
