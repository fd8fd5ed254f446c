using Microsoft.Extensions.Logging;

namespace HybridStore.Postgres;

/// <summary>Event ids 1300 to 1399.</summary>
internal static partial class PostgresLog
{
    [LoggerMessage(1300, LogLevel.Warning, "PostgreSQL could not be reached at start, so its version was not checked.")]
    public static partial void NotReachedAtStart(ILogger logger, Exception error);
}
