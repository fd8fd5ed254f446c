using HybridStore.Keys;

namespace HybridStore;

/// <summary>A key or a tag with two placeholders, such as <c>new KeyTemplate&lt;int, Guid&gt;("org:{org}:user:{user}")</c>.</summary>
/// <typeparam name="T1">The type of the first value. <see cref="KeyTemplate"/> lists what it can be.</typeparam>
/// <typeparam name="T2">The type of the second value. <see cref="KeyTemplate"/> lists what it can be.</typeparam>
public sealed class KeyTemplate<T1, T2> : KeyTemplate
{
    private readonly KeyValueFormatter<T1> _format1 = FormatterOf<T1>();
    private readonly KeyValueFormatter<T2> _format2 = FormatterOf<T2>();

    /// <summary>Takes the template apart.</summary>
    /// <param name="template">The text with two placeholders in braces. <see cref="KeyTemplate"/> says what it must be like.</param>
    /// <exception cref="ArgumentException">The template is not well-formed, different values could give the same key, or a
    /// type is not supported.</exception>
    public KeyTemplate(string template)
        : base(template, typeof(T1), typeof(T2))
    {
    }

    /// <summary>The key for these values.</summary>
    /// <param name="value1">The value of the first placeholder.</param>
    /// <param name="value2">The value of the second placeholder.</param>
    /// <exception cref="ArgumentException">A value is null or cannot be rendered, or the key would be longer than 1,024 bytes.
    /// The exception names the placeholder.</exception>
    public string For(T1 value1, T2 value2)
    {
        var literals = Literals;
        var names = ParameterNames;
        var writer = new KeyWriter(stackalloc char[KeyWriter.InitialCharacters]);
        writer.Write(literals[0]);
        writer.Write(value1, _format1, names[0]);
        writer.Write(literals[1]);
        writer.Write(value2, _format2, names[1]);
        writer.Write(literals[2]);
        return writer.TryFinish(out var key) ? key : throw TooLong(value1?.ToString(), value2?.ToString());
    }
}
