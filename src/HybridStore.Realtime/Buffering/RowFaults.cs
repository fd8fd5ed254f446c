using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>Tells what is wrong with a row from what is wrong with everything: rows are put aside only for faults of their own.</summary>
internal static class RowFaults
{
    private const string DataException = "22";
    private const string IntegrityViolation = "23";

    public static bool IsOfRow(Exception error) => error switch
    {
        PostgresException refusal => IsOfRow(refusal.SqlState),

        // Npgsql has not found a way to write such a type into such a column: no row could be written.
        InvalidCastException => false,

        // A value that the column's type does not have: out of its range, a time of no known zone, half a surrogate pair.
        ArgumentException or OverflowException or FormatException => true,
        _ => false,
    };

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
