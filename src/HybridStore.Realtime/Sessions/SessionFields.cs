using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace HybridStore.Realtime.Sessions;

/// <summary>The fields of a session as one value: a map of MessagePack, whose names and values are strings, as Redis's scripts write and read it.
/// </summary>
internal static class SessionFields
{
    private const byte SmallMap = 0x80;
    private const byte EmptyArray = 0x90;
    private const byte SmallText = 0xa0;
    private const byte Text8 = 0xd9;
    private const byte Text16 = 0xda;
    private const byte Text32 = 0xdb;
    private const byte Map16 = 0xde;
    private const byte Map32 = 0xdf;

    public static byte[] Write(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> fields)
    {
        var writer = new ArrayBufferWriter<byte>(64);
        if (fields.Count < 16)
        {
            WriteHead(writer, (byte)(SmallMap | fields.Count));
        }
        else
        {
            // No session has more than its size allows, and no name is empty.
            WriteHead(writer, Map32, (uint)fields.Count, sizeof(uint));
        }

        foreach (var (name, value) in fields)
        {
            WriteText(writer, Encoding.UTF8.GetBytes(name));
            WriteText(writer, value.Span);
        }

        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Null for what is no such map.</summary>
    public static Dictionary<string, ReadOnlyMemory<byte>>? Read(byte[]? packed)
    {
        ReadOnlyMemory<byte> rest = packed;
        if (rest.IsEmpty || !TryReadCount(ref rest, out var count) || count > rest.Length / 2)
        {
            return null;
        }

        var fields = new Dictionary<string, ReadOnlyMemory<byte>>(count, StringComparer.Ordinal);
        for (var index = 0; index < count; index++)
        {
            if (!TryReadText(ref rest, out var name) || !TryReadText(ref rest, out var value))
            {
                return null;
            }

            fields[Encoding.UTF8.GetString(name.Span)] = value;
        }

        return fields;
    }

    private static void WriteText(ArrayBufferWriter<byte> writer, ReadOnlySpan<byte> text)
    {
        switch (text.Length)
        {
            case < 32:
                WriteHead(writer, (byte)(SmallText | text.Length));
                break;
            case <= byte.MaxValue:
                WriteHead(writer, Text8, (uint)text.Length, sizeof(byte));
                break;
            case <= ushort.MaxValue:
                WriteHead(writer, Text16, (uint)text.Length, sizeof(ushort));
                break;
            default:
                WriteHead(writer, Text32, (uint)text.Length, sizeof(uint));
                break;
        }

        writer.Write(text);
    }

    private static void WriteHead(ArrayBufferWriter<byte> writer, byte kind, uint length = 0, int width = 0)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(number, length);
        writer.Write([kind]);
        writer.Write(number[(sizeof(uint) - width)..]);
    }

    private static bool TryReadCount(ref ReadOnlyMemory<byte> rest, out int count)
    {
        var kind = rest.Span[0];
        rest = rest[1..];
        switch (kind)
        {
            // Scripts take no fields for an array without elements.
            case EmptyArray:
                count = 0;
                return true;
            case >= SmallMap and < SmallMap + 16:
                count = kind - SmallMap;
                return true;
            case Map16:
                return TryReadNumber(ref rest, sizeof(ushort), out count);
            case Map32:
                return TryReadNumber(ref rest, sizeof(uint), out count);
            default:
                count = 0;
                return false;
        }
    }

    private static bool TryReadText(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> text)
    {
        text = default;
        if (rest.IsEmpty)
        {
            return false;
        }

        var kind = rest.Span[0];
        rest = rest[1..];
        int length;
        switch (kind)
        {
            case >= SmallText and < SmallText + 32:
                length = kind - SmallText;
                break;
            case Text8 or Text16 or Text32:
                if (!TryReadNumber(ref rest, 1 << (kind - Text8), out length))
                {
                    return false;
                }

                break;
            default:
                return false;
        }

        if (length > rest.Length)
        {
            return false;
        }

        (text, rest) = (rest[..length], rest[length..]);
        return true;
    }

    private static bool TryReadNumber(ref ReadOnlyMemory<byte> rest, int width, out int number)
    {
        number = 0;
        if (rest.Length < width)
        {
            return false;
        }

        var read = 0u;
        foreach (var one in rest.Span[..width])
        {
            read = (read << 8) | one;
        }

        rest = rest[width..];
        number = (int)read;
        return number >= 0;
    }
}
