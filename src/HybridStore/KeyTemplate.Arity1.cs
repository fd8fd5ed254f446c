using HybridStore.Keys;

namespace HybridStore;

/// <summary>A key or a tag with one placeholder, such as <c>new KeyTemplate&lt;int&gt;("product:{id}")</c>.</summary>
/// <typeparam name="T1">The type of the value. <see cref="KeyTemplate"/> lists what it can be.</typeparam>
public sealed class KeyTemplate<T1> : KeyTemplate
{
    private readonly KeyValueFormatter<T1> _format = FormatterOf<T1>();

    /// <summary>Takes the template apart.</summary>
    /// <param name="template">The text with one placeholder in braces. <see cref="KeyTemplate"/> says what it must be like.</param>
    /// <exception cref="ArgumentException">The template is not well-formed, different values could give the same key, or a
    /// type is not supported.</exception>
    public KeyTemplate(string template)
        : base(template, typeof(T1))
    {
    }

    /// <summary>The key for this value.</summary>
    /// <param name="value">The value of the placeholder.</param>
    /// <exception cref="ArgumentException">A value is null or cannot be rendered, or the key would be longer than 1,024 bytes.
    /// The exception names the placeholder.</exception>
    public string For(T1 value)
    {
        var literals = Literals;
        var names = ParameterNames;
        var writer = new KeyWriter(stackalloc char[KeyWriter.InitialCharacters]);
        writer.Write(literals[0]);
        writer.Write(value, _format, names[0]);
        writer.Write(literals[1]);
        return writer.TryFinish(out var key) ? key : throw TooLong(value?.ToString());
    }
}
