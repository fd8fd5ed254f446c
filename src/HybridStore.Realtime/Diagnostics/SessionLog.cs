using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Diagnostics;

/// <summary>Event ids 3100 to 3149. No id, handle, user or field is logged here.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(3100, LogLevel.Warning, "Redis does not answer: the copy in PostgreSQL serves the sessions.")]
    public static partial void ServedByCopy(ILogger logger, Exception? error);

    [LoggerMessage(3101, LogLevel.Information, "Redis serves the sessions again.")]
    public static partial void ServedByRedis(ILogger logger);

    [LoggerMessage(3102, LogLevel.Information, "Redis has heard of {Count} sessions that were changed or revoked without it.")]
    public static partial void CaughtUp(ILogger logger, int count);

    [LoggerMessage(3103, LogLevel.Warning, "The copy of the sessions in PostgreSQL could not be read or written. Sessions in Redis go on, and the next change tells the copy.")]
    public static partial void CopyFailed(ILogger logger, Exception error);
}
