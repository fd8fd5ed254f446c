using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace HybridStore.Keys;

/// <summary>What a key or a tag of the application must be: 1 to 1,024 bytes of well-formed text without control characters.</summary>
/// <remarks>
/// Redis and PostgreSQL both hold such text unchanged, so the key that a reader asks for and the key that a trigger writes
/// are equal byte for byte. A broken surrogate is refused for the same reason: UTF-8 replaces it, and two keys become one.
/// </remarks>
internal static class KeyRules
{
    /// <summary>The longest key or tag, in bytes of UTF-8.</summary>
    public const int MaximumBytes = 1024;

    private enum Fault
    {
        None,
        Empty,
        TooLong,
        ControlCharacter,
        BrokenSurrogate,
    }

    /// <summary>Whether the text can be a key or a tag. For text that no caller of ours is to blame for.</summary>
    public static bool IsValid([NotNullWhen(true)] string? value) => value is not null && Check(value, out _) == Fault.None;

    public static void ThrowIfInvalidKey(
        [NotNull] string? key, [CallerArgumentExpression(nameof(key))] string? parameter = null)
    {
        if (!IsValid(key))
        {
            Throw("key", "such as \"user:42\"", key, parameter);
        }
    }

    public static void ThrowIfInvalidTag(
        [NotNull] string? tag, [CallerArgumentExpression(nameof(tag))] string? parameter = null)
    {
        if (!IsValid(tag))
        {
            Throw("tag", "such as \"org:7\"", tag, parameter);
        }
    }

    /// <summary>Checks each key of a list; the exception names the faulty one by its index, as in <c>keys[3]</c>.</summary>
    public static void ThrowIfAnyInvalidKey(
        ReadOnlySpan<string> keys, [CallerArgumentExpression(nameof(keys))] string? parameter = null)
    {
        for (var index = 0; index < keys.Length; index++)
        {
            ThrowIfInvalidKeyAt(index, keys[index], parameter);
        }
    }

    /// <summary>Checks each tag of a list; the exception names the faulty one by its index, as in <c>tags[3]</c>.</summary>
    public static void ThrowIfAnyInvalidTag(
        ReadOnlySpan<string> tags, [CallerArgumentExpression(nameof(tags))] string? parameter = null)
    {
        for (var index = 0; index < tags.Length; index++)
        {
            ThrowIfInvalidTagAt(index, tags[index], parameter);
        }
    }

    /// <summary>Checks one key of a list that is walked by the caller; the name is put together only when it is needed.</summary>
    public static void ThrowIfInvalidKeyAt(int index, [NotNull] string? key, string? list)
    {
        if (!IsValid(key))
        {
            Throw("key", "such as \"user:42\"", key, Indexed(list, index));
        }
    }

    /// <summary>Checks one tag of a list that is walked by the caller; the name is put together only when it is needed.</summary>
    public static void ThrowIfInvalidTagAt(int index, [NotNull] string? tag, string? list)
    {
        if (!IsValid(tag))
        {
            Throw("tag", "such as \"org:7\"", tag, Indexed(list, index));
        }
    }

    /// <summary>Length of the text in UTF-8; a broken surrogate counts as the three bytes that replace it.</summary>
    public static int CountBytes(ReadOnlySpan<char> value) => System.Text.Encoding.UTF8.GetByteCount(value);

    private static Fault Check(ReadOnlySpan<char> value, out int position)
    {
        position = 0;
        if (value.IsEmpty)
        {
            return Fault.Empty;
        }

        // No character takes less than a byte. Looking at the length first also bounds what the scan below can cost.
        if (value.Length > MaximumBytes)
        {
            return Fault.TooLong;
        }

        // Nearly all keys are printable ASCII: one vectorised pass settles them, since there a character is a byte.
        var first = value.IndexOfAnyExceptInRange(' ', '~');
        return first < 0 ? Fault.None : CheckFrom(first, value, out position);
    }

    private static Fault CheckFrom(int first, ReadOnlySpan<char> value, out int position)
    {
        var bytes = first;
        for (position = first; position < value.Length; position++)
        {
            var character = value[position];
            if (char.IsControl(character))
            {
                return Fault.ControlCharacter;
            }

            if (!char.IsSurrogate(character))
            {
                bytes += character < 0x80 ? 1 : character < 0x800 ? 2 : 3;
            }
            else if (position + 1 < value.Length && char.IsSurrogatePair(character, value[position + 1]))
            {
                bytes += 4;
                position++;
            }
            else
            {
                return Fault.BrokenSurrogate;
            }
        }

        return bytes > MaximumBytes ? Fault.TooLong : Fault.None;
    }

    private static string Indexed(string? list, int index) => string.Create(CultureInfo.InvariantCulture, $"{list}[{index}]");

    [DoesNotReturn]
    private static void Throw(string noun, string example, string? value, string? parameter)
    {
        if (value is null)
        {
            throw new ArgumentNullException(parameter, $"A {noun} must not be null: pass a text {example}.");
        }

        var fault = Check(value, out var position);
        var message = fault switch
        {
            Fault.Empty => $"A {noun} must not be empty: pass a text {example}.",
            Fault.TooLong => string.Create(
                CultureInfo.InvariantCulture,
                $"A {noun} must not be longer than {MaximumBytes:N0} bytes in UTF-8, and this one has {CountBytes(value):N0}: shorten it, for example by putting a hash in place of its long part. It is {Excerpt.Of(value)}."),
            Fault.ControlCharacter => string.Create(
                CultureInfo.InvariantCulture,
                $"A {noun} must not contain control characters, and this one has U+{(int)value[position]:X4} at index {position}: remove it, or build the {noun} with a KeyTemplate, which encodes it. It is {Excerpt.Of(value)}."),
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"A {noun} must be well-formed UTF-16, and this one has half a surrogate pair (U+{(int)value[position]:X4}) at index {position}: do not cut text inside a character, or build the {noun} with a KeyTemplate, which encodes it. It is {Excerpt.Of(value)}."),
        };

        throw new ArgumentException(message, parameter);
    }
}
