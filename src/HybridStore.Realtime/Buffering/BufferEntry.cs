using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace HybridStore.Realtime.Buffering;

/// <summary>One entry of a stream: what a process has appended in one call. A header, and its rows, each behind its length.</summary>
/// <remarks><c>version (1 byte) | producer (16) | number of the call (8) | rows (4)</c>, big-endian; a row is
/// <c>length (4 bytes) | payload</c>.</remarks>
internal sealed class BufferEntry
{
    public const int HeaderLength = 1 + 16 + sizeof(long) + sizeof(int);
    public const int RowHeaderLength = sizeof(int);

    /// <summary>The field of a stream's entries.</summary>
    public const string Field = "d";

    private const byte Version = 1;

    private BufferEntry(string name, Guid producer, long call, ReadOnlyMemory<byte>[] rows, int payloadBytes)
    {
        (Name, Producer, Call, Rows, PayloadBytes) = (name, producer, call, rows, payloadBytes);
    }

    /// <summary>Its id in the stream, or what stands for one.</summary>
    public string Name { get; }

    /// <summary>The process that has appended it.</summary>
    public Guid Producer { get; }

    /// <summary>The number of its call among those of the process to the partition.</summary>
    public long Call { get; }

    public ReadOnlyMemory<byte>[] Rows { get; }

    /// <summary>What it counts against the limit.</summary>
    public int PayloadBytes { get; }

    /// <summary>The same under another name.</summary>
    public BufferEntry Named(string name) => new(name, Producer, Call, Rows, PayloadBytes);

    /// <summary>Writes an entry of rows that have their lengths before them already.</summary>
    public static byte[] Encode(Guid producer, long call, int rows, List<PendingAppend> appends)
    {
        var length = HeaderLength;
        foreach (var append in appends)
        {
            length += append.Payload.Length;
        }

        var entry = GC.AllocateUninitializedArray<byte>(length);
        entry[0] = Version;
        producer.TryWriteBytes(entry.AsSpan(1), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(entry.AsSpan(17), call);
        BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(25), rows);
        var at = HeaderLength;
        foreach (var append in appends)
        {
            append.Payload.CopyTo(entry.AsSpan(at));
            at += append.Payload.Length;
        }

        return entry;
    }

    /// <summary>Reads an entry. It comes from Redis and may be anything.</summary>
    public static bool TryDecode(string name, ReadOnlyMemory<byte> entry, [NotNullWhen(true)] out BufferEntry? decoded)
    {
        decoded = null;
        var span = entry.Span;
        if (span.Length < HeaderLength || span[0] != Version)
        {
            return false;
        }

        var count = BinaryPrimitives.ReadInt32BigEndian(span[25..]);
        if (count < 1 || count > (span.Length - HeaderLength) / RowHeaderLength)
        {
            return false;
        }

        var rows = new ReadOnlyMemory<byte>[count];
        var at = HeaderLength;
        for (var row = 0; row < count; row++)
        {
            if (span.Length - at < RowHeaderLength)
            {
                return false;
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(span[at..]);
            at += RowHeaderLength;
            if (length < 0 || length > span.Length - at)
            {
                return false;
            }

            rows[row] = entry.Slice(at, length);
            at += length;
        }

        if (at != span.Length)
        {
            return false;
        }

        decoded = new BufferEntry(
            name,
            new Guid(span.Slice(1, 16), bigEndian: true),
            BinaryPrimitives.ReadInt64BigEndian(span[17..]),
            rows,
            span.Length - HeaderLength);
        return true;
    }
}
