using System.Globalization;
using System.Numerics;

namespace HybridStore.Keys;

/// <summary>Writes one value as text, in the forms that <see cref="KeyValueFormats"/> lists.</summary>
internal static class KeyValueText
{
    private const string MicrosecondFormat = "yyyyMMdd'T'HHmmss.ffffff'Z'";

    private static readonly long PostgresEpochTicks = new DateTime(2000, 1, 1).Ticks;

    public static bool TryFormatString(string value, string placeholder, Span<char> destination, out int charsWritten) =>
        value is null ? throw Null(placeholder) : KeyEscaping.TryWrite(value, destination, out charsWritten);

    public static bool TryFormatChar(char value, string placeholder, Span<char> destination, out int charsWritten) =>
        KeyEscaping.TryWrite(new ReadOnlySpan<char>(in value), destination, out charsWritten);

    public static bool TryFormatInteger<T>(T value, string placeholder, Span<char> destination, out int charsWritten)
        where T : IBinaryInteger<T> =>
        value.TryFormat(destination, out charsWritten, default, CultureInfo.InvariantCulture);

    public static bool TryFormatBoolean(bool value, string placeholder, Span<char> destination, out int charsWritten)
    {
        var text = value ? "true" : "false";
        charsWritten = text.Length;
        return text.TryCopyTo(destination);
    }

    public static bool TryFormatGuid(Guid value, string placeholder, Span<char> destination, out int charsWritten) =>
        value.TryFormat(destination, out charsWritten, "D");

    public static bool TryFormatDecimal(decimal value, string placeholder, Span<char> destination, out int charsWritten)
    {
        // PostgreSQL has no negative zero.
        var unsigned = value == 0m ? 0m : value;
        if (!unsigned.TryFormat(destination, out charsWritten, default, CultureInfo.InvariantCulture))
        {
            return false;
        }

        if (destination[..charsWritten].Contains('.'))
        {
            charsWritten = destination[..charsWritten].TrimEnd('0').TrimEnd('.').Length;
        }

        return true;
    }

    public static bool TryFormatDate(DateOnly value, string placeholder, Span<char> destination, out int charsWritten) =>
        value.TryFormat(destination, out charsWritten, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static bool TryFormatTime(TimeOnly value, string placeholder, Span<char> destination, out int charsWritten) =>
        value.TryFormat(destination, out charsWritten, "HHmmss.ffffff", CultureInfo.InvariantCulture);

    public static bool TryFormatDateTime(DateTime value, string placeholder, Span<char> destination, out int charsWritten)
    {
        // As Npgsql has it for timestamptz. A local or unspecified time would give another key on a server in another zone.
        if (value.Kind != DateTimeKind.Utc)
        {
            throw new ArgumentException(
                $"The value of the placeholder '{placeholder}' must be a DateTime of kind Utc, and its kind is {value.Kind}: convert it with ToUniversalTime(), or say what it is with DateTime.SpecifyKind(value, DateTimeKind.Utc).",
                placeholder);
        }

        return TryFormatUtc(value.Ticks, destination, out charsWritten);
    }

    public static bool TryFormatDateTimeOffset(
        DateTimeOffset value, string placeholder, Span<char> destination, out int charsWritten) =>
        TryFormatUtc(value.UtcTicks, destination, out charsWritten);

    public static ArgumentNullException Null(string placeholder) => new(
        placeholder,
        $"The value of the placeholder '{placeholder}' must not be null: a row without it has no key, so do not ask the cache for it.");

    private static bool TryFormatUtc(long ticks, Span<char> destination, out int charsWritten)
    {
        // PostgreSQL counts microseconds from the year 2000, and Npgsql drops what is finer towards that point: down
        // after it, up before it. The value that was stored and the value that is read back must give one key.
        var stored = ((ticks - PostgresEpochTicks) / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond) + PostgresEpochTicks;
        return new DateTime(stored, DateTimeKind.Utc).TryFormat(
            destination, out charsWritten, MicrosecondFormat, CultureInfo.InvariantCulture);
    }
}
