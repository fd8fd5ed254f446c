using System.Text.Json.Nodes;
using HybridStore.Keys;

namespace HybridStore.Journaling.Watching;

/// <summary>A template whose placeholders are columns.</summary>
internal sealed class WatchedTemplate
{
    private readonly string _template;
    private readonly string[] _literals;
    private readonly string[] _placeholders;
    private readonly Type[]? _types;
    private readonly IReadOnlyDictionary<string, string> _columns;

    private WatchedTemplate(
        string template, string[] literals, string[] placeholders, Type[]? types, IReadOnlyDictionary<string, string> columns)
    {
        _template = template;
        _literals = literals;
        _placeholders = placeholders;
        _types = types;
        _columns = columns;
    }

    public IReadOnlyList<string> Placeholders => _placeholders;

    /// <param name="template">The template.</param>
    /// <param name="columns">Placeholders, and the columns that they are mapped to. May be filled later.</param>
    public static WatchedTemplate Of(KeyTemplate template, IReadOnlyDictionary<string, string> columns) => new(
        template.Template, template.Literals.ToArray(), template.ParameterNames.ToArray(), template.ParameterTypes.ToArray(), columns);

    /// <inheritdoc cref="Of(KeyTemplate, IReadOnlyDictionary{string, string})"/>
    public static WatchedTemplate Of(string template, IReadOnlyDictionary<string, string> columns)
    {
        var (literals, placeholders) = KeyTemplateParser.ParseUntyped(template);
        return new WatchedTemplate(template, literals, placeholders, null, columns);
    }

    public JsonNode ToJson() => new JsonObject
    {
        ["template"] = _template,
        ["literals"] = new JsonArray([.. _literals.Select(literal => JsonValue.Create(literal))]),
        ["placeholders"] = new JsonArray([.. _placeholders.Select(PlaceholderToJson)]),
    };

    private JsonObject PlaceholderToJson(string name, int index) => new()
    {
        ["name"] = name,
        ["column"] = _columns.GetValueOrDefault(name),
        ["type"] = _types is null ? null : ColumnKinds.NameOf(_types[index]),
        ["fits"] = _types is null
            ? null
            : new JsonArray([.. ColumnKinds.Of(_types[index]).Select(kind => JsonValue.Create(kind))]),
    };
}
