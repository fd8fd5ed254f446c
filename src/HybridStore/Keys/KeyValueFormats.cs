using System.Reflection;
using System.Runtime.CompilerServices;

namespace HybridStore.Keys;

/// <summary>How each supported type is written into a key.</summary>
/// <remarks>
/// <para>Triggers write the same keys in SQL, so each form is one that a PostgreSQL expression gives as well:</para>
/// <code>
/// .NET                      text in the key                PostgreSQL expression
/// string, char              percent-encoded                see KeyEscaping
/// sbyte ... ulong           -42                            x::text
/// enum                      its number                     x::text of the number
/// decimal                   1.5 (no trailing zeros)        trim_scale(x)::text
/// bool                      true, false                    x::text
/// Guid                      lower-case, form D             x::text
/// DateOnly                  2026-01-31                     to_char(x, 'YYYY-MM-DD')
/// TimeOnly                  235959.123456                  to_char(x, 'HH24MISS.US')
/// DateTime (UTC) and        20260131T235959.123456Z        to_char(x at time zone 'UTC',
/// DateTimeOffset                                               'YYYYMMDD"T"HH24MISS.US"Z"')
/// </code>
/// <para>Two values give the same text exactly when PostgreSQL holds them as the same value. That is why trailing zeros go
/// (1.50 and 1.5 are equal in SQL and in C#, and a column's scale adds zeros that the caller does not), and why times are
/// cut to microseconds. Times are in ISO 8601's basic form: the extended one has colons, which would have to be encoded.
/// Npgsql reads infinite dates as the type's minimum and maximum; SQL has to put those in their place.</para>
/// <para>Float and double are missing on purpose: their text differs between .NET and PostgreSQL.</para>
/// </remarks>
internal static class KeyValueFormats
{
    private static readonly Dictionary<Type, Delegate> Formatters = new Delegate[]
    {
        new KeyValueFormatter<string>(KeyValueText.TryFormatString),
        new KeyValueFormatter<char>(KeyValueText.TryFormatChar),
        new KeyValueFormatter<sbyte>(KeyValueText.TryFormatInteger),
        new KeyValueFormatter<byte>(KeyValueText.TryFormatInteger),
        new KeyValueFormatter<short>(KeyValueText.TryFormatInteger),
        new KeyValueFormatter<ushort>(KeyValueText.TryFormatInteger),
        new KeyValueFormatter<int>(KeyValueText.TryFormatInteger),
        new KeyValueFormatter<uint>(KeyValueText.TryFormatInteger),
        new KeyValueFormatter<long>(KeyValueText.TryFormatInteger),
        new KeyValueFormatter<ulong>(KeyValueText.TryFormatInteger),
        new KeyValueFormatter<decimal>(KeyValueText.TryFormatDecimal),
        new KeyValueFormatter<bool>(KeyValueText.TryFormatBoolean),
        new KeyValueFormatter<Guid>(KeyValueText.TryFormatGuid),
        new KeyValueFormatter<DateOnly>(KeyValueText.TryFormatDate),
        new KeyValueFormatter<TimeOnly>(KeyValueText.TryFormatTime),
        new KeyValueFormatter<DateTime>(KeyValueText.TryFormatDateTime),
        new KeyValueFormatter<DateTimeOffset>(KeyValueText.TryFormatDateTimeOffset),
    }.ToDictionary(formatter => formatter.GetType().GenericTypeArguments[0]);

    /// <summary>The formatter of a type, or null when the type cannot stand in a key.</summary>
    public static KeyValueFormatter<T>? Find<T>() => (KeyValueFormatter<T>?)Find(typeof(T));

    /// <summary>Whether the type can stand in a key.</summary>
    public static bool IsSupported(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return Formatters.ContainsKey(plain) || IsSupportedEnum(plain);
    }

    /// <summary>Whether the character can appear in the text of a value of the type.</summary>
    /// <remarks>Free text holds anything that <see cref="KeyEscaping"/> leaves; all other forms are letters, digits, - and .</remarks>
    public static bool CanContain(Type type, char character)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(string) || plain == typeof(char)
            ? character != ':'
            : char.IsAsciiLetterOrDigit(character) || character is '-' or '.';
    }

    private static Delegate? Find(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } plain)
        {
            return Find(plain) is { } formatter ? Make(nameof(ForNullable), [plain], formatter) : null;
        }

        if (!IsSupportedEnum(type))
        {
            return Formatters.GetValueOrDefault(type);
        }

        var number = Enum.GetUnderlyingType(type);
        return Make(nameof(ForEnum), [type, number], Formatters[number]);
    }

    // The runtime knows enums over char, bool and native integers too; no C# compiler makes them.
    private static bool IsSupportedEnum(Type type) => type.IsEnum && Formatters.ContainsKey(Enum.GetUnderlyingType(type));

    private static Delegate Make(string method, Type[] types, Delegate formatter) =>
        (Delegate)typeof(KeyValueFormats)
            .GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(types)
            .Invoke(null, [formatter])!;

    private static KeyValueFormatter<T?> ForNullable<T>(KeyValueFormatter<T> formatter)
        where T : struct =>
        (value, placeholder, destination, out charsWritten) => value is { } present
            ? formatter(present, placeholder, destination, out charsWritten)
            : throw KeyValueText.Null(placeholder);

    // The number and not the name: it is what a column usually holds, and it survives the renaming of a member.
    private static KeyValueFormatter<TEnum> ForEnum<TEnum, TNumber>(KeyValueFormatter<TNumber> formatter)
        where TEnum : struct, Enum
        where TNumber : struct =>
        (value, placeholder, destination, out charsWritten) =>
            formatter(Unsafe.BitCast<TEnum, TNumber>(value), placeholder, destination, out charsWritten);
}
