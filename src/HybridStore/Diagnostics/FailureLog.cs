using Microsoft.Extensions.Logging;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Diagnostics;

/// <summary>
/// Failures as they may be logged. Their messages may not: Redis's client quotes the key of the command that failed, and what a
/// load throws may quote the value. Event ids 1500 to 1599.
/// </summary>
internal static partial class FailureLog
{
    /// <summary>What a failure is, without its message.</summary>
    public static string KindOf(Exception failure) => failure switch
    {
        RedisServerException answer => $"{nameof(RedisServerException)}: {answer.Kind}",
        RedisConnectionException connection => $"{nameof(RedisConnectionException)}: {connection.FailureType}",
        PostgresException answer => $"{nameof(PostgresException)}: {answer.SqlState}",
        _ => failure.GetType().Name,
    };

    [LoggerMessage(1500, LogLevel.Debug, "The failure in full; it may quote keys and values.")]
    public static partial void InFull(ILogger logger, Exception failure);
}
