namespace HybridStore.Testing;

/// <summary>A read that was made through an <see cref="InMemoryHybridStore"/>. Immutable.</summary>
public sealed record RecordedRead
{
    internal RecordedRead(string key, Type valueType, ReadOutcome outcome) => (Key, ValueType, Outcome) = (key, valueType, outcome);

    /// <summary>The key.</summary>
    public string Key { get; }

    /// <summary>The type that the caller asked for.</summary>
    public Type ValueType { get; }

    /// <summary>How it was answered.</summary>
    public ReadOutcome Outcome { get; }

    /// <summary>The key and the outcome.</summary>
    public override string ToString() => $"{Key}: {Outcome}";
}
