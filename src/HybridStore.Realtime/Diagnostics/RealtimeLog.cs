using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Diagnostics;

/// <summary>Event ids 3000 to 3049. No key or value is logged here.</summary>
internal static partial class RealtimeLog
{
    [LoggerMessage(3000, LogLevel.Warning,
        "The {Service} of HybridStore are kept in a Redis that may evict them when it is full (maxmemory-policy {Evicts}): they can be lost. Give them a Redis with noeviction: UseRedis.")]
    public static partial void MayBeEvicted(ILogger logger, string service, string evicts);

    [LoggerMessage(3001, LogLevel.Warning,
        "The {Service} of HybridStore are kept in a Redis without an append-only file: a crash loses all that changed since its last snapshot, or everything. Set appendonly yes, or give them a Redis that persists: UseRedis.")]
    public static partial void IsNotPersisted(ILogger logger, string service);

    [LoggerMessage(3002, LogLevel.Information,
        "The Redis of the {Service} of HybridStore does not tell whether it persists and evicts: its user may not ask, or it was not reached.")]
    public static partial void DurabilityUnknown(ILogger logger, string service, Exception? error);

    [LoggerMessage(3003, LogLevel.Information, "The tables of HybridStore.Realtime are installed in the schema {Schema}.")]
    public static partial void Installed(ILogger logger, string schema);

    [LoggerMessage(3004, LogLevel.Warning,
        "PostgreSQL could not be reached at start: the tables of HybridStore.Realtime are installed, or looked for, when it is there.")]
    public static partial void PostgresNotReachedAtStart(ILogger logger);

    [LoggerMessage(3005, LogLevel.Error, "The tables of HybridStore.Realtime are missing, and services that need them fail until they are there.")]
    public static partial void NotInstalled(ILogger logger, Exception error);
}
