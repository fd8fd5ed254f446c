using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>Tells what is wrong with a row from what is wrong with everything: rows are put aside only for faults of their own.</summary>
internal static class RowFaults
{
    private const string DataException = "22";
    private const string IntegrityViolation = "23";

    /// <summary>Whether PostgreSQL refuses a row, or one of several.</summary>
    public static bool IsOfRow(PostgresException refusal) => IsOfRow(refusal.SqlState);

    /// <summary>Whether a value is one that the column's type does not have: out of its range, a time of no known zone, half a surrogate pair.
    /// An InvalidCastException is not of that kind: no value of such a type can be written into such a column.</summary>
    public static bool IsOfValue(Exception error) => error is ArgumentException or OverflowException or FormatException;

    private static bool IsOfRow(string sqlState) => sqlState switch
    {
        // The column has another type than when PostgreSQL was asked.
        PostgresErrorCodes.InvalidBinaryRepresentation => false,
        PostgresErrorCodes.RaiseException => true,
        PostgresErrorCodes.WithCheckOptionViolation => true,

        // A value that is too large for an index.
        PostgresErrorCodes.ProgramLimitExceeded => true,
        _ => sqlState.StartsWith(DataException, StringComparison.Ordinal) || sqlState.StartsWith(IntegrityViolation, StringComparison.Ordinal),
    };
}
