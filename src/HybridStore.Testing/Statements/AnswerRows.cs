using System.Collections;
using System.Globalization;

namespace HybridStore.Testing.Statements;

/// <summary>What a test has arranged, as the rows or the value that a statement asks for.</summary>
internal static class AnswerRows
{
    /// <summary>The rows as a type. A sequence among them stands for its elements, unless it is what is asked for.</summary>
    /// <exception cref="InvalidOperationException">They are of another type.</exception>
    public static IReadOnlyList<T> Of<T>(IReadOnlyList<object?> rows, RecordedStatement statement) =>
        [.. rows.SelectMany(row => row is T or null || Elements(row) is not { } elements ? [row] : elements).Select(row => Convert<T>(row, statement))];

    /// <summary>How many rows a statement has changed: a single number says so itself, otherwise the rows are counted.</summary>
    public static int Count(IReadOnlyList<object?> rows) =>
        rows is [int or long or short or byte]
            ? System.Convert.ToInt32(rows[0], CultureInfo.InvariantCulture)
            : rows.Sum(row => row is not null && Elements(row) is { } elements ? elements.Count() : 1);

    private static IEnumerable<object?>? Elements(object row) =>
        row is IEnumerable sequence and not (string or byte[] or IDictionary) ? sequence.Cast<object?>() : null;

    private static T Convert<T>(object? row, RecordedStatement statement)
    {
        switch (row)
        {
            case T asked:
                return asked;
            case null:
                return default!;
        }

        var type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        if (row is IConvertible && (type.IsPrimitive || type == typeof(decimal)))
        {
            try
            {
                return (T)System.Convert.ChangeType(row, type, CultureInfo.InvariantCulture);
            }
            catch (Exception error) when (error is InvalidCastException or FormatException or OverflowException)
            {
                // Told below, with the statement.
            }
        }

        throw new InvalidOperationException(
            $"The answer arranged for \"{StatementText.Beginning(statement.Sql)}\" is a {row.GetType()}, and the statement asks for "
            + $"{typeof(T)}: arrange rows of that type.");
    }
}
