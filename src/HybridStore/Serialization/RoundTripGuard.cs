using System.Collections;
using System.Data;
using System.Text.Json;

namespace HybridStore.Serialization;

/// <summary>
/// Knows the types that no serializer can bring back from Redis, because their values are work in progress or a hold on
/// something in this process and not data.
/// </summary>
internal static class RoundTripGuard
{
    private static readonly (Type Type, string Remedy)[] NeverStorable =
    [
        (typeof(Stream), "read the stream and cache its content as byte[]"),
        (typeof(IAsyncEnumerable<>), "read it to the end (ToListAsync) and cache the list"),
        (typeof(IAsyncEnumerator<>), "read it to the end and cache a list"),
        (typeof(IQueryable), "run the query (ToListAsync) and cache its rows"),
        (typeof(Task), "await it and cache its result"),
        (typeof(ValueTask), "await it and cache its result"),
        (typeof(ValueTask<>), "await it and cache its result"),
        (typeof(JsonDocument), "cache a JsonElement (RootElement.Clone()), which does not live in a pooled buffer"),
        (typeof(Delegate), "cache the data that it would compute"),
        (typeof(IDataReader), "map its rows to objects and cache those"),
        (typeof(IEnumerator), "read it to the end and cache a list"),
    ];

    /// <summary>Refuses a type that is, or has as a type argument or element, one of those.</summary>
    /// <exception cref="NotSupportedException">With the type and the remedy.</exception>
    public static void Check(Type type)
    {
        if (Find(type) is { } found)
        {
            throw Refusal(type, path: null, $"it holds '{found.Type}', which is not data", found.Remedy);
        }
    }

    /// <summary>The first such type in a type, its arguments and its elements, with what to do instead.</summary>
    public static (Type Type, string Remedy)? Find(Type type)
    {
        if (type.IsPointer || type.IsFunctionPointer)
        {
            return (type, "cache the data that it points to");
        }

        foreach ((Type refused, string remedy) in NeverStorable)
        {
            if (Is(type, refused))
            {
                return (type, remedy);
            }
        }

        if (type.HasElementType && Find(type.GetElementType()!) is { } element)
        {
            return element;
        }

        foreach (Type argument in type.GetGenericArguments())
        {
            if (Find(argument) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The one wording of all refusals.</summary>
    /// <param name="type">What the caller asked to store.</param>
    /// <param name="path">The member in question, if it is not the type itself.</param>
    /// <param name="reason">What would go wrong.</param>
    /// <param name="remedy">What to do about it.</param>
    /// <param name="cause">What System.Text.Json said, if it did.</param>
    public static NotSupportedException Refusal(Type type, string? path, string reason, string remedy, Exception? cause = null) =>
        new($"Values of type '{type}' cannot be cached{(path is null ? "" : $" because of {path}")}: {reason}. Remedy: {remedy}.", cause);

    /// <summary>Whether a type is, derives from or implements another, which may be an open generic one.</summary>
    public static bool Is(Type type, Type ancestor)
    {
        if (!ancestor.IsGenericTypeDefinition)
        {
            return ancestor.IsAssignableFrom(type);
        }

        for (Type? current = type; current is not null; current = current.BaseType)
        {
            if (IsConstructedFrom(current, ancestor))
            {
                return true;
            }
        }

        return Array.Exists(type.GetInterfaces(), implemented => IsConstructedFrom(implemented, ancestor));
    }

    private static bool IsConstructedFrom(Type type, Type definition) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == definition;
}
