using System.Buffers;

namespace HybridStore.Keys;

/// <summary>Percent-encoding of text values inside a rendered key.</summary>
/// <remarks>
/// <para>Encoded, as the upper-case hexadecimal of their UTF-8 bytes: <c>%</c>, <c>:</c>, <c>{</c>, <c>}</c>, control characters
/// and halves of surrogate pairs (the latter in the three bytes that UTF-8 would give them if it allowed them). So different
/// texts stay different, the result satisfies <see cref="KeyRules"/> but for its length, and no <c>:</c> of a value can be
/// taken for one of the template.</para>
/// <para>In PostgreSQL, whose text has neither U+0000 nor halves of pairs:
/// <c>replace(replace(replace(replace(x, '%', '%25'), ':', '%3A'), '{', '%7B'), '}', '%7D')</c>, and one more <c>replace</c>
/// around it for each control character, where <c>x ~ '[\u0001-\u001F\u007F-\u009F]'</c>. <c>%</c> goes first.</para>
/// </remarks>
internal static class KeyEscaping
{
    /// <summary>Printable ASCII that stands for itself.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !\"#$&'()*+,-./0123456789;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz|~");

    /// <summary>Writes the text, encoded; false when the destination is too short.</summary>
    public static bool TryWrite(ReadOnlySpan<char> text, Span<char> destination, out int charsWritten)
    {
        var first = text.IndexOfAnyExcept(Plain);
        if (first < 0)
        {
            charsWritten = text.Length;
            return text.TryCopyTo(destination);
        }

        charsWritten = first;
        if (!text[..first].TryCopyTo(destination))
        {
            return false;
        }

        for (var index = first; index < text.Length; index++)
        {
            var character = text[index];
            if (index + 1 < text.Length && char.IsSurrogatePair(character, text[index + 1]))
            {
                if (!text.Slice(index, 2).TryCopyTo(destination[charsWritten..]))
                {
                    return false;
                }

                charsWritten += 2;
                index++;
            }
            else if (!TryWriteOne(character, destination[charsWritten..], ref charsWritten))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryWriteOne(char character, Span<char> destination, ref int charsWritten)
    {
        if (character is not ('%' or ':' or '{' or '}') && !char.IsControl(character) && !char.IsSurrogate(character))
        {
            if (destination.IsEmpty)
            {
                return false;
            }

            destination[0] = character;
            charsWritten++;
            return true;
        }

        ReadOnlySpan<byte> bytes = character switch
        {
            < (char)0x80 => [(byte)character],
            < (char)0x800 => [(byte)(0xC0 | (character >> 6)), (byte)(0x80 | (character & 0x3F))],
            _ => [(byte)(0xE0 | (character >> 12)), (byte)(0x80 | ((character >> 6) & 0x3F)), (byte)(0x80 | (character & 0x3F))],
        };

        if (destination.Length < bytes.Length * 3)
        {
            return false;
        }

        for (var index = 0; index < bytes.Length; index++)
        {
            destination[index * 3] = '%';
            destination[(index * 3) + 1] = HexDigit(bytes[index] >> 4);
            destination[(index * 3) + 2] = HexDigit(bytes[index] & 0xF);
        }

        charsWritten += bytes.Length * 3;
        return true;
    }

    private static char HexDigit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);
}
