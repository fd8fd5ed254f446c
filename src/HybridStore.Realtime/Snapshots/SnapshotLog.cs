using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Snapshots;

/// <summary>Event ids 3210 to 3229. No name of a structure is logged here.</summary>
internal static partial class SnapshotLog
{
    [LoggerMessage(3210, LogLevel.Warning,
        "A snapshot failed and is tried again in {Pause}. What has changed since the last one is lost if Redis is lost meanwhile.")]
    public static partial void Failed(ILogger logger, TimeSpan pause, Exception error);

    [LoggerMessage(3211, LogLevel.Debug, "A snapshot was taken: {Structures} structures, {Written} entries written, {Removed} removed.")]
    public static partial void Taken(ILogger logger, int structures, long written, long removed);

    [LoggerMessage(3212, LogLevel.Debug, "Redis had lost a structure of the kind {Kind}; {Entries} entries were put back from a snapshot.")]
    public static partial void Restored(ILogger logger, string kind, int entries);

    [LoggerMessage(3213, LogLevel.Warning, "The last snapshot before the stop failed: what has changed since the one before waits in Redis for another instance.")]
    public static partial void LastFailed(ILogger logger, Exception error);

    [LoggerMessage(3214, LogLevel.Warning, "A key that is tracked as a {Structure} holds a {Found}; it is not in the snapshot.")]
    public static partial void NotAsTracked(ILogger logger, SnapshotStructure structure, StackExchange.Redis.RedisType found);

    [LoggerMessage(3215, LogLevel.Warning,
        "A tracked {Structure} has a name in it of more than {Longest} bytes; it is not in the snapshot.")]
    public static partial void FieldTooLong(ILogger logger, SnapshotStructure structure, int longest);

    [LoggerMessage(3216, LogLevel.Warning, "Tracked structures could not be looked after and put back; this is tried again in {Pause}.")]
    public static partial void NotRestored(ILogger logger, TimeSpan pause, Exception error);
}
