using System.Reflection;
using Dapper;

namespace HybridStore.Testing;

/// <summary>A statement that a load or a write has run where there is no database. Immutable.</summary>
public sealed record RecordedStatement
{
    internal RecordedStatement(string sql, object? parameters, bool isOfWrite) =>
        (Sql, Parameters, IsOfWrite) = (sql, parameters, isOfWrite);

    /// <summary>Its text, as it was given.</summary>
    public string Sql { get; }

    /// <summary>The object whose properties are the parameters, as it was given.</summary>
    public object? Parameters { get; }

    /// <summary>Whether a write has run it, and not a load.</summary>
    public bool IsOfWrite { get; }

    /// <summary>The value of a parameter.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Its name, without <c>@</c>; case does not matter.</param>
    /// <exception cref="ArgumentException">There is no such parameter.</exception>
    /// <exception cref="InvalidCastException">It is of another type.</exception>
    public T Parameter<T>(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return (T)Find(name)!;
    }

    /// <summary>The text on one line.</summary>
    public override string ToString() => StatementText.OnOneLine(Sql);

    private object? Find(string name)
    {
        switch (Parameters)
        {
            case DynamicParameters parameters when parameters.ParameterNames.Contains(name, StringComparer.OrdinalIgnoreCase):
                return parameters.Get<object?>(name);
            case IEnumerable<KeyValuePair<string, object?>> pairs
                when pairs.FirstOrDefault(pair => string.Equals(pair.Key, name, StringComparison.OrdinalIgnoreCase)) is { Key: not null } pair:
                return pair.Value;
            case { } parameters when parameters.GetType().GetProperty(
                name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.IgnoreCase) is { } property:
                return property.GetValue(parameters);
            default:
                throw new ArgumentException(
                    $"The statement \"{StatementText.Beginning(Sql)}\" was given no parameter of this name: use the name of a property of its "
                    + "parameters.",
                    nameof(name));
        }
    }
}
