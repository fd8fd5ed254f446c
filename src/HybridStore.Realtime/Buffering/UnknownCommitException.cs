using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>COMMIT was sent and no answer came: the transaction may or may not be committed.</summary>
internal sealed class UnknownCommitException(NpgsqlException cause) : NpgsqlException(cause.Message, cause)
{
    /// <summary>Whether a COMMIT that failed so may have been done: no answer of PostgreSQL, or one that the session is ended.</summary>
    public static bool IsUnknown(NpgsqlException error) =>
        error is not PostgresException refusal || refusal.SqlState.StartsWith("57P", StringComparison.Ordinal);
}
