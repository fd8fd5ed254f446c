using HybridStore.Keys;

namespace HybridStore;

/// <summary>A key or a tag with four placeholders, such as <c>new KeyTemplate&lt;int, int, bool, string&gt;("search:{org}:{page}:{open}:{text}")</c>.</summary>
/// <typeparam name="T1">The type of the first value. <see cref="KeyTemplate"/> lists what it can be.</typeparam>
/// <typeparam name="T2">The type of the second value. <see cref="KeyTemplate"/> lists what it can be.</typeparam>
/// <typeparam name="T3">The type of the third value. <see cref="KeyTemplate"/> lists what it can be.</typeparam>
/// <typeparam name="T4">The type of the fourth value. <see cref="KeyTemplate"/> lists what it can be.</typeparam>
public sealed class KeyTemplate<T1, T2, T3, T4> : KeyTemplate
{
    private readonly KeyValueFormatter<T1> _format1 = FormatterOf<T1>();
    private readonly KeyValueFormatter<T2> _format2 = FormatterOf<T2>();
    private readonly KeyValueFormatter<T3> _format3 = FormatterOf<T3>();
    private readonly KeyValueFormatter<T4> _format4 = FormatterOf<T4>();

    /// <summary>Takes the template apart.</summary>
    /// <param name="template">The text with four placeholders in braces. <see cref="KeyTemplate"/> says what it must be like.</param>
    /// <exception cref="ArgumentException">The template is not well-formed, different values could give the same key, or a
    /// type is not supported.</exception>
    public KeyTemplate(string template)
        : base(template, typeof(T1), typeof(T2), typeof(T3), typeof(T4))
    {
    }

    /// <summary>The key for these values.</summary>
    /// <param name="value1">The value of the first placeholder.</param>
    /// <param name="value2">The value of the second placeholder.</param>
    /// <param name="value3">The value of the third placeholder.</param>
    /// <param name="value4">The value of the fourth placeholder.</param>
    /// <exception cref="ArgumentException">A value is null or cannot be rendered, or the key would be longer than 1,024 bytes.
    /// The exception names the placeholder.</exception>
    public string For(T1 value1, T2 value2, T3 value3, T4 value4)
    {
        var literals = Literals;
        var names = ParameterNames;
        var writer = new KeyWriter(stackalloc char[KeyWriter.InitialCharacters]);
        writer.Write(literals[0]);
        writer.Write(value1, _format1, names[0]);
        writer.Write(literals[1]);
        writer.Write(value2, _format2, names[1]);
        writer.Write(literals[2]);
        writer.Write(value3, _format3, names[2]);
        writer.Write(literals[3]);
        writer.Write(value4, _format4, names[3]);
        writer.Write(literals[4]);
        return writer.TryFinish(out var key) ? key : throw TooLong(value1?.ToString(), value2?.ToString(), value3?.ToString(), value4?.ToString());
    }
}
