using System.Text.Json.Nodes;

namespace HybridStore.Journaling.Watching;

/// <summary>Which keys and tags the rows of one table concern.</summary>
internal sealed record WatchedTable(TableName Name, IReadOnlyList<WatchedTemplate> Keys, IReadOnlyList<WatchedTemplate> Tags)
{
    /// <summary>The definition as the schema's function <c>watch</c> takes it.</summary>
    public string ToJson(int rowLimit) => new JsonObject
    {
        ["rowLimit"] = rowLimit,
        ["keys"] = new JsonArray([.. Keys.Select(template => template.ToJson())]),
        ["tags"] = new JsonArray([.. Tags.Select(template => template.ToJson())]),
    }.ToJsonString();
}
