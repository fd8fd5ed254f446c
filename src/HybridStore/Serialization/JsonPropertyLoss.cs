using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace HybridStore.Serialization;

/// <summary>
/// Properties that System.Text.Json writes and then passes over when it reads, because they have no setter it may use. For a
/// computed property that is right; state behind such a property silently comes back empty.
/// </summary>
internal static class JsonPropertyLoss
{
    /// <summary>Whether reading fills a property at all.</summary>
    public static bool IsReadBack(JsonTypeInfo contract, JsonPropertyInfo property) =>
        property is { Set: not null } or { AssociatedParameter: not null }
        || (property.ObjectCreationHandling
            ?? contract.PreferredPropertyObjectCreationHandling
            ?? contract.Options.PreferredObjectCreationHandling) == JsonObjectCreationHandling.Populate;

    /// <summary>
    /// Whether a property that is not read back certainly holds state: it is assigned by a setter that is not public, or it is
    /// a collection of its own that others fill. A single value without any setter may well be a constant.
    /// </summary>
    public static bool HoldsState(JsonPropertyInfo property) =>
        property.AttributeProvider is PropertyInfo declared
        && (declared.SetMethod is not null || (IsCollection(property) && HasBackingField(declared)));

    /// <summary>
    /// Whether nothing of a value is read back, as with a read-only struct whose constructor is not marked: structs are
    /// created by their default constructor unless told otherwise.
    /// </summary>
    public static bool LosesEverything(JsonTypeInfo contract)
    {
        bool hasState = false;
        foreach (JsonPropertyInfo property in contract.Properties)
        {
            if (property.Get is null)
            {
                continue;
            }

            if (IsReadBack(contract, property))
            {
                return false;
            }

            hasState |= property.AttributeProvider is PropertyInfo declared && HasBackingField(declared);
        }

        return hasState;
    }

    private static bool IsCollection(JsonPropertyInfo property) =>
        property.Options.GetTypeInfo(property.PropertyType).Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary;

    private static bool HasBackingField(PropertyInfo property) =>
        property.DeclaringType?.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is not null;
}
