using System.Text;
using System.Text.Json;
using HybridStore.Realtime.Sessions;

namespace HybridStore.Realtime;

/// <summary>Fields that are to be set in a session, and such that are to be removed from it. Not thread-safe; it is read when it is given to
/// <see cref="ISessionStore"/>, and values are not copied.</summary>
public sealed class SessionChanges
{
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _sets = new(StringComparer.Ordinal);
    private readonly HashSet<string> _removes = new(StringComparer.Ordinal);

    /// <summary>How many fields are set, and how many are removed, at most 1,000 of each: more are refused.</summary>
    public int Count => _sets.Count + _removes.Count;

    internal IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Sets => _sets;

    internal IReadOnlyCollection<string> Removes => _removes;

    /// <summary>Sets a field to bytes.</summary>
    /// <param name="name">The field: 1 to 128 characters, no control characters.</param>
    /// <param name="value">The bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> breaks the rule, or there would be more than 1,000 fields.</exception>
    public SessionChanges Set(string name, ReadOnlyMemory<byte> value)
    {
        SessionRules.CheckField(name, nameof(name));
        _removes.Remove(name);
        _sets[name] = value;
        SessionRules.CheckCount(_sets.Count, nameof(name));
        return this;
    }

    /// <summary>Sets a field to a text, in UTF-8.</summary>
    /// <param name="name">As in <see cref="Set(string, ReadOnlyMemory{byte})"/>.</param>
    /// <param name="value">The text.</param>
    /// <exception cref="ArgumentException">As in <see cref="Set(string, ReadOnlyMemory{byte})"/>.</exception>
    public SessionChanges Set(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Set(name, Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Sets a field to a value as JSON.</summary>
    /// <typeparam name="T">The value's type.</typeparam>
    /// <param name="name">As in <see cref="Set(string, ReadOnlyMemory{byte})"/>.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">How it is written; <see langword="null"/>: as <see cref="JsonSerializerOptions.Web"/>.</param>
    /// <exception cref="ArgumentException">As in <see cref="Set(string, ReadOnlyMemory{byte})"/>.</exception>
    public SessionChanges SetJson<T>(string name, T value, JsonSerializerOptions? options = null) =>
        Set(name, JsonSerializer.SerializeToUtf8Bytes(value, options ?? JsonSerializerOptions.Web));

    /// <summary>Removes a field. There need be none of that name.</summary>
    /// <param name="name">As in <see cref="Set(string, ReadOnlyMemory{byte})"/>.</param>
    /// <exception cref="ArgumentException">As in <see cref="Set(string, ReadOnlyMemory{byte})"/>.</exception>
    public SessionChanges Remove(string name)
    {
        SessionRules.CheckField(name, nameof(name));
        _sets.Remove(name);
        _removes.Add(name);
        SessionRules.CheckCount(_removes.Count, nameof(name));
        return this;
    }
}
