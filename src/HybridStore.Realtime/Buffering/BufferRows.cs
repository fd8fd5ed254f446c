using System.Buffers;
using System.Buffers.Binary;
using HybridStore.Journaling.Watching;
using HybridStore.Serialization;

namespace HybridStore.Realtime.Buffering;

/// <summary>How rows look in Redis, and what becomes of them in PostgreSQL. Immutable.</summary>
internal sealed class BufferRows<T>(WriteBufferOptions<T> options)
    where T : notnull
{
    private const int ExpectedBytes = 256;

    private readonly IHybridStoreSerializer _serializer = options.Serializer;
    private readonly int _maximumRowBytes = options.MaximumRowBytes;

    public string Table { get; } = TableName.Parse(options.Table).ToString();

    public BufferColumn<T>[] Columns { get; } = [.. options.Columns];

    public BufferHook<T>[] Hooks { get; } = [.. options.Hooks];

    public IReadOnlyList<string> UniqueColumns { get; } = options.UniqueColumns;

    /// <summary>A row behind its length, as entries have them.</summary>
    /// <exception cref="ArgumentException">It is too large.</exception>
    public byte[] Encode(T row)
    {
        ArgumentNullException.ThrowIfNull(row);
        using var writer = new PooledBufferWriter(BufferEntry.RowHeaderLength, _maximumRowBytes, ExpectedBytes);
        try
        {
            _serializer.Serialize(row, writer);
        }
        catch (Exception error) when (writer.IsOverLimit)
        {
            throw TooLarge(nameof(row), error);
        }

        if (writer.IsOverLimit)
        {
            throw TooLarge(nameof(row), null);
        }

        var payload = GC.AllocateUninitializedArray<byte>(BufferEntry.RowHeaderLength + writer.PayloadLength);
        BinaryPrimitives.WriteInt32BigEndian(payload, writer.PayloadLength);
        writer.Payload.CopyTo(payload.AsSpan(BufferEntry.RowHeaderLength));
        return payload;
    }

    public T Decode(ReadOnlyMemory<byte> payload) =>
        _serializer.Deserialize<T>(new ReadOnlySequence<byte>(payload)) ?? throw new FormatException("The payload is null.");

    private ArgumentException TooLarge(string parameter, Exception? error) => new(
        $"The row has more than {_maximumRowBytes} bytes when it is serialized, which is MaximumRowBytes: raise that, or append less.",
        parameter,
        error);
}
