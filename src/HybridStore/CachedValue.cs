using System.Diagnostics.CodeAnalysis;

namespace HybridStore;

/// <summary>A cached value, or none. A cached <see langword="null"/> ("there is no such row") is a value.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public readonly record struct CachedValue<T>
{
    private readonly T _value;

    /// <summary>A value that is cached.</summary>
    /// <param name="value">The value.</param>
    public CachedValue(T value)
    {
        _value = value;
        HasValue = true;
    }

    /// <summary>Whether there is a value.</summary>
    public bool HasValue { get; }

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public T Value => HasValue
        ? _value
        : throw new InvalidOperationException("Nothing is cached under the key: ask HasValue or TryGetValue first.");

    /// <summary>The value if there is one.</summary>
    /// <param name="value">The value, else the default.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetValue([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return HasValue;
    }

    /// <summary>The value, or what is to stand for it.</summary>
    /// <param name="fallback">Returned where there is none.</param>
    public T? GetValueOrDefault(T? fallback = default) => HasValue ? _value : fallback;
}
