using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace HybridStore.Serialization;

/// <summary>
/// Walks everything that System.Text.Json would write for a type, along the same contracts, and refuses what would come back
/// different. Such a type would work on a miss and be wrong on a hit, which is found in production at the earliest. A
/// converter of the application's own answers for the type it converts.
/// </summary>
internal sealed class JsonRoundTripGuard
{
    private static readonly (Type Type, string Reason, string Remedy)[] Changed =
    [
        (typeof(Stack<>), "System.Text.Json brings a stack back upside down", "cache a List<T>"),
        (typeof(ConcurrentStack<>), "System.Text.Json brings a stack back upside down", "cache a List<T>"),
        (typeof(IImmutableStack<>), "System.Text.Json brings a stack back upside down", "cache a List<T>"),
        (typeof(Lazy<>), "System.Text.Json brings it back without its value", "cache the value itself"),
        (typeof(nint), "an address means nothing to another process", "cache a long"),
        (typeof(nuint), "an address means nothing to another process", "cache a ulong"),
        (typeof(MemberInfo), "System.Text.Json does not write types and members", "cache their names"),
    ];

    private readonly Type _root;
    private readonly JsonSerializerOptions _options;
    private readonly HashSet<Type> _visited = [];

    private JsonRoundTripGuard(Type root, JsonSerializerOptions options)
    {
        _root = root;
        _options = options;
    }

    /// <summary>The contract of a type, if all that it reaches survives a round trip.</summary>
    /// <exception cref="NotSupportedException">With the type, the member and the remedy.</exception>
    public static JsonTypeInfo Check(Type type, JsonSerializerOptions options)
    {
        var guard = new JsonRoundTripGuard(type, options);
        guard.Visit(type, path: null);
        return options.GetTypeInfo(type);
    }

    private void Visit(Type type, string? path)
    {
        // A recursion as deep as types nest: types that were seen end it, and no program nests types by the thousand.
        if (!_visited.Add(type))
        {
            return;
        }

        if (RoundTripGuard.Find(type) is { } found)
        {
            throw Refusal(path, $"it holds '{found.Type}', which is not data", found.Remedy);
        }

        JsonTypeInfo contract = GetContract(type, path);
        if (!IsOfSystemTextJson(contract.Converter))
        {
            return;
        }

        RefuseChanged(type, path);
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            Visit(underlying, path);
        }

        switch (contract.Kind)
        {
            case JsonTypeInfoKind.Object:
                VisitObject(contract, path);
                break;
            case JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary:
                VisitIfAny(contract.KeyType, $"{path} (key)");
                VisitIfAny(contract.ElementType, $"{path}[]");
                RefuseUnfillable(contract, path);
                break;
            default:
                break;
        }
    }

    private void VisitIfAny(Type? type, string path)
    {
        if (type is not null)
        {
            Visit(type, path);
        }
    }

    private void VisitObject(JsonTypeInfo contract, string? path)
    {
        RefuseEmpty(contract, path);
        if (contract.PolymorphismOptions is { } polymorphism)
        {
            foreach (JsonDerivedType derived in polymorphism.DerivedTypes)
            {
                Visit(derived.DerivedType, path);
            }
        }
        else if (contract.CreateObject is null && !HasConstructorParameters(contract))
        {
            throw Refusal(
                path,
                $"System.Text.Json cannot create a '{contract.Type}'",
                contract.Type.IsAbstract
                    ? "name the derived classes with [JsonDerivedType], or cache the class itself"
                    : "give it a public constructor without parameters, or mark one with [JsonConstructor]");
        }

        if (contract.PolymorphismOptions is null && JsonPropertyLoss.LosesEverything(contract))
        {
            throw Refusal(
                path,
                $"System.Text.Json reads no property of '{contract.Type}' back",
                "mark its constructor with [JsonConstructor], or give its properties setters (init will do)");
        }

        foreach (JsonPropertyInfo property in contract.Properties)
        {
            // Nothing is written for a property without getter (ignored ones are listed so); extension data is JsonElements
            // on either side; a property's own converter answers for it.
            if (property is { Get: not null, IsExtensionData: false, CustomConverter: null })
            {
                VisitProperty(contract, property, $"{path}.{property.Name}");
            }
        }
    }

    private void VisitProperty(JsonTypeInfo contract, JsonPropertyInfo property, string path)
    {
        if (JsonPropertyLoss.IsReadBack(contract, property))
        {
            Visit(property.PropertyType, path);
            return;
        }

        // Computed from other properties, it may be of any type that can be written.
        if (RoundTripGuard.Find(property.PropertyType) is { } found)
        {
            throw Refusal(path, $"it holds '{found.Type}', which is not data", $"{found.Remedy}, or mark it with [JsonIgnore]");
        }

        if (JsonPropertyLoss.HoldsState(property))
        {
            throw Refusal(
                path,
                "System.Text.Json writes it and does not read it back, for want of a public setter",
                "give it one (init will do) or mark it with [JsonInclude]; a collection may be marked with " +
                "[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)], what can be lost with [JsonIgnore]");
        }
    }

    private void RefuseChanged(Type type, string? path)
    {
        if (type == typeof(object))
        {
            throw Refusal(
                path,
                "an 'object' comes back as a JsonElement, whatever it was",
                "declare the type that it holds (for JSON of any shape: JsonElement or JsonNode)");
        }

        if (type is { IsArray: true, IsSZArray: false })
        {
            throw Refusal(path, "System.Text.Json does not write arrays of several dimensions", "cache an array of arrays");
        }

        foreach ((Type changed, string reason, string remedy) in Changed)
        {
            if (RoundTripGuard.Is(type, changed))
            {
                throw Refusal(path, reason, remedy);
            }
        }
    }

    // Some collections are written but not read (ConcurrentBag), which only an attempt tells: it makes an empty one.
    private void RefuseUnfillable(JsonTypeInfo contract, string? path)
    {
        if (contract.PolymorphismOptions is not null)
        {
            return;
        }

        try
        {
            JsonSerializer.Deserialize(contract.Kind == JsonTypeInfoKind.Dictionary ? "{}"u8 : "[]"u8, contract);
        }
        catch (NotSupportedException exception)
        {
            throw Refusal(path, $"System.Text.Json cannot create a '{contract.Type}'", "cache a List<T> or Dictionary<TKey, TValue>", exception);
        }
    }

    private static bool HasConstructorParameters(JsonTypeInfo contract)
    {
        foreach (JsonPropertyInfo property in contract.Properties)
        {
            if (property.AssociatedParameter is not null)
            {
                return true;
            }
        }

        return false;
    }

    // A struct or class made of fields alone is written as {} unless fields are included: ValueTuple is the one everybody meets.
    private void RefuseEmpty(JsonTypeInfo contract, string? path)
    {
        if (contract.Properties.Count != 0 || contract.PolymorphismOptions is not null)
        {
            return;
        }

        if (Array.Exists(
            contract.Type.GetFields(BindingFlags.Instance | BindingFlags.Public),
            field => !field.IsDefined(typeof(JsonIgnoreAttribute))))
        {
            bool isTuple = contract.Type.IsValueType && typeof(ITuple).IsAssignableFrom(contract.Type);
            throw Refusal(
                path,
                $"System.Text.Json writes {{}} for '{contract.Type}', whose content is in fields",
                isTuple
                    ? "cache a record instead of a tuple, or set JsonSerializerOptions.IncludeFields"
                    : "make the fields properties, or set JsonSerializerOptions.IncludeFields");
        }
    }

    private JsonTypeInfo GetContract(Type type, string? path)
    {
        try
        {
            return _options.GetTypeInfo(type);
        }
        catch (Exception exception) when (exception is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw Refusal(
                path,
                $"System.Text.Json has no contract for '{type}' ({exception.Message})",
                "add [JsonSerializable] for it to the JsonSerializerContext, or a converter",
                exception);
        }
    }

    private NotSupportedException Refusal(string? path, string reason, string remedy, Exception? cause = null) =>
        RoundTripGuard.Refusal(_root, path is null ? null : $"'{path.TrimStart('.')}'", reason, remedy, cause);

    private static bool IsOfSystemTextJson(JsonConverter converter) =>
        converter.GetType().Assembly == typeof(JsonSerializer).Assembly;
}
