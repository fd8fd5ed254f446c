using Microsoft.Extensions.Logging;

namespace HybridStore.Postgres;

/// <summary>Event ids 1300 to 1399.</summary>
internal static partial class PostgresLog
{
    [LoggerMessage(1300, LogLevel.Warning, "PostgreSQL could not be reached at start, so its version was not checked.")]
    public static partial void NotReachedAtStart(ILogger logger, Exception error);

    [LoggerMessage(1301, LogLevel.Warning,
        "An invalidation named a transaction id that PostgreSQL has not given out: everything that it names is removed. Ids are those of pg_current_xact_id(), of the same database server.")]
    public static partial void UnknownTransaction(ILogger logger);

    [LoggerMessage(1302, LogLevel.Warning,
        "The transaction of an invalidation could not be looked up in PostgreSQL ({Failure}): everything that it names is removed.")]
    public static partial void TransactionNotLookedUp(ILogger logger, string failure);
}
