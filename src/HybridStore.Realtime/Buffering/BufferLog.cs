using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Buffering;

/// <summary>Event ids 3400 to 3449. No key or value is logged here.</summary>
internal static partial class BufferLog
{
    [LoggerMessage(3400, LogLevel.Warning,
        "Rows of the write buffer {Buffer} could not be written, and are tried again: they stay in Redis.")]
    public static partial void NotWritten(ILogger logger, string buffer, Exception error);

    [LoggerMessage(3401, LogLevel.Warning, "The write buffer {Buffer} cannot be read from Redis, and is tried again.")]
    public static partial void NotRead(ILogger logger, string buffer, Exception? error);

    [LoggerMessage(3402, LogLevel.Information, "The write buffer {Buffer} is written again.")]
    public static partial void WrittenAgain(ILogger logger, string buffer);

    [LoggerMessage(3403, LogLevel.Warning, "{Rows} rows of the write buffer {Buffer} were refused and are dead letters now.")]
    public static partial void Refused(ILogger logger, string buffer, int rows);

    [LoggerMessage(3404, LogLevel.Error,
        "The Redis of the write buffer {Buffer} knows less than it has acknowledged: it was emptied or restored, or has crashed. Rows that had not reached PostgreSQL are lost.")]
    public static partial void RowsLost(ILogger logger, string buffer);

    [LoggerMessage(3405, LogLevel.Warning, "The session by which this instance holds partitions of the write buffer {Buffer} is gone, or not there yet, and is opened again.")]
    public static partial void NoClaims(ILogger logger, string buffer, Exception error);

    [LoggerMessage(3406, LogLevel.Debug, "This instance writes partition {Partition} of the write buffer {Buffer}.")]
    public static partial void Claimed(ILogger logger, string buffer, int partition);

    [LoggerMessage(3407, LogLevel.Debug, "This instance leaves partition {Partition} of the write buffer {Buffer} to another.")]
    public static partial void Released(ILogger logger, string buffer, int partition);

    [LoggerMessage(3408, LogLevel.Warning, "The write buffer {Buffer} was not emptied before the host stopped; what is left stays in Redis.")]
    public static partial void NotEmptied(ILogger logger, string buffer);

    [LoggerMessage(3409, LogLevel.Warning,
        "What the write buffer {Buffer} remembers in PostgreSQL of processes that are long gone could not be removed, and is tried again.")]
    public static partial void NotPurged(ILogger logger, string buffer, Exception error);
}
