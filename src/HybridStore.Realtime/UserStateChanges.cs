using HybridStore.Realtime.UserStates;
using StackExchange.Redis;

namespace HybridStore.Realtime;

/// <summary>Changes to fields of one group of a user, which are made at once. Not thread-safe.</summary>
public sealed class UserStateChanges
{
    private readonly UserStateGroup _group;
    private readonly FieldValues _values;

    internal UserStateChanges(UserStateGroup group, FieldValues values) => (_group, _values) = (group, values);

    /// <summary>As user-state-change.lua takes them.</summary>
    internal List<RedisValue> Arguments { get; } = [];

    /// <summary>Sets a field.</summary>
    /// <typeparam name="T">What it holds.</typeparam>
    /// <param name="field">The field.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The value is too large, or the field is of another group.</exception>
    public UserStateChanges Set<T>(UserStateField<T> field, T value)
    {
        ArgumentNullException.ThrowIfNull(field);
        FieldValues.ThrowIfOfOtherGroup(field, _group, nameof(field));
        Arguments.AddRange("s", field.Name, _values.Write(value, nameof(value)));
        return this;
    }

    /// <summary>Removes a field.</summary>
    /// <param name="field">The field.</param>
    /// <exception cref="ArgumentException">The field is of another group.</exception>
    public UserStateChanges Remove(UserStateField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        FieldValues.ThrowIfOfOtherGroup(field, _group, nameof(field));
        Arguments.AddRange("r", field.Name, RedisValue.EmptyString);
        return this;
    }
}
