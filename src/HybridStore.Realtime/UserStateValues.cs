using HybridStore.Realtime.UserStates;

namespace HybridStore.Realtime;

/// <summary>The fields of a group of a user, as they were at one moment. Immutable; safe to use from any thread.</summary>
public sealed class UserStateValues
{
    private readonly FieldValues _values;
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _fields;

    internal UserStateValues(UserStateGroup group, FieldValues values, Dictionary<string, ReadOnlyMemory<byte>> fields) =>
        (Group, _values, _fields) = (group, values, fields);

    /// <summary>Which group.</summary>
    public UserStateGroup Group { get; }

    /// <summary>The names of the fields that are set, in no order.</summary>
    public IReadOnlyCollection<string> Names => _fields.Keys;

    /// <summary>The value of a field, or its default.</summary>
    /// <typeparam name="T">What it holds.</typeparam>
    /// <param name="field">The field.</param>
    /// <exception cref="ArgumentException">It is of another group.</exception>
    public T Get<T>(UserStateField<T> field)
    {
        ArgumentNullException.ThrowIfNull(field);
        FieldValues.ThrowIfOfOtherGroup(field, Group, nameof(field));
        return _fields.TryGetValue(field.Name, out var json) ? _values.Read(field, json.Span) : field.DefaultValue;
    }
}
