namespace HybridStore.Realtime;

/// <summary>A field of a <see cref="UserStateGroup"/>, whatever it holds. Immutable.</summary>
public abstract class UserStateField
{
    private protected UserStateField(UserStateGroup group, string name)
    {
        UserStateGroup.ThrowIfNoName(name, nameof(name));
        (Group, Name) = (group, name);
    }

    /// <summary>The group that it belongs to.</summary>
    public UserStateGroup Group { get; }

    /// <summary>The field's name.</summary>
    public string Name { get; }
}

/// <summary>A typed field of a <see cref="UserStateGroup"/>, made by <see cref="UserStateGroup.Field{T}(string)"/>. Immutable.</summary>
/// <typeparam name="T">What it holds.</typeparam>
public sealed class UserStateField<T> : UserStateField
{
    internal UserStateField(UserStateGroup group, string name, T defaultValue)
        : base(group, name) => DefaultValue = defaultValue;

    /// <summary>What is read where nothing was set, or nothing that can be read as a <typeparamref name="T"/>.</summary>
    public T DefaultValue { get; }
}
