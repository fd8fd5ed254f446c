using System.Globalization;
using HybridStore.Keys;

namespace HybridStore;

/// <summary>A key or a tag with placeholders, such as <c>product:{id}</c>: the part that all arities have in common.</summary>
/// <remarks>
/// <para>Keep templates in <c>static readonly</c> fields and use them wherever a key is needed, so that reads, writes and
/// invalidations always mean the same key. They are immutable and safe to use from any thread.</para>
/// <para>Values are rendered the same way on every machine, whatever its culture: integers and enums as decimal numbers,
/// <see cref="decimal"/> without trailing zeros, <see cref="bool"/> as <c>true</c> and <c>false</c>, <see cref="Guid"/> in
/// lower case with hyphens, <see cref="DateOnly"/> as <c>2026-01-31</c>, <see cref="TimeOnly"/> as <c>235959.123456</c>,
/// <see cref="DateTime"/> (of kind UTC) and <see cref="DateTimeOffset"/> as <c>20260131T235959.123456Z</c>, cut to the
/// microseconds that PostgreSQL keeps. In strings and characters, <c>%</c>, <c>:</c>, <c>{</c>, <c>}</c> and control
/// characters are percent-encoded. So values that differ in PostgreSQL never give the same key. Other types are refused:
/// render them to a string first.</para>
/// <para>Between two placeholders there must be a character that the first value cannot contain; a colon always will do.</para>
/// </remarks>
public abstract class KeyTemplate
{
    private readonly string[] _literals;
    private readonly string[] _parameters;
    private readonly Type[] _types;

    private protected KeyTemplate(string template, params Type[] types)
    {
        (_literals, _parameters) = KeyTemplateParser.Parse(template, types);
        _types = types;
        Template = template;
        Parameters = Array.AsReadOnly(_parameters);
    }

    /// <summary>The template as it was given.</summary>
    public string Template { get; }

    /// <summary>The names of the placeholders, from left to right.</summary>
    public IReadOnlyList<string> Parameters { get; }

    /// <summary>The text around the placeholders: one more than there are placeholders, empty where there is none.</summary>
    internal ReadOnlySpan<string> Literals => _literals;

    /// <summary>The names of the placeholders.</summary>
    internal ReadOnlySpan<string> ParameterNames => _parameters;

    /// <summary>The types of the placeholders, as they were declared.</summary>
    internal ReadOnlySpan<Type> ParameterTypes => _types;

    /// <summary>The template as it was given.</summary>
    public sealed override string ToString() => Template;

    /// <summary>The parser has refused unsupported types, so there is a formatter.</summary>
    private protected static KeyValueFormatter<T> FormatterOf<T>() => KeyValueFormats.Find<T>()!;

    /// <summary>Says which value made the key too long: most likely the longest one.</summary>
    private protected ArgumentException TooLong(params ReadOnlySpan<string?> values)
    {
        var longest = 0;
        for (var index = 1; index < values.Length; index++)
        {
            longest = values[index]?.Length > values[longest]?.Length ? index : longest;
        }

        return new ArgumentException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The key of the template {Excerpt.Of(Template)} must not be longer than {KeyRules.MaximumBytes:N0} bytes in UTF-8, and it is with these values: pass a shorter value for the placeholder '{_parameters[longest]}', for example a hash of it. It is {Excerpt.Of(values[longest])}."),
            _parameters[longest]);
    }
}
