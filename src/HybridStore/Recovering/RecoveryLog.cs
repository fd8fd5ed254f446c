using Microsoft.Extensions.Logging;

namespace HybridStore.Recovering;

/// <summary>Event ids 1900 to 1999. No key or tag is logged here.</summary>
internal static partial class RecoveryLog
{
    [LoggerMessage(1900, LogLevel.Information, "Redis serves {Partitions} partition(s) again; they are read when what was written meanwhile is applied.")]
    public static partial void Waits(ILogger logger, int partitions);

    [LoggerMessage(1901, LogLevel.Information, "Partition {Partition} is read again ({Proof}).")]
    public static partial void Reads(ILogger logger, int partition, RecoveryProof proof);

    [LoggerMessage(1902, LogLevel.Error,
        "Redis is back, and for {Patience} nobody has applied the journal, so that what it holds may be outdated: the whole cache is emptied. See to it that a listener runs.")]
    public static partial void NobodyMarks(ILogger logger, TimeSpan patience);

    [LoggerMessage(1903, LogLevel.Warning, "Redis is back and PostgreSQL is not, so that nobody knows what has to be applied: {Failure}")]
    public static partial void PostgresNotReached(ILogger logger, string failure);

    [LoggerMessage(1904, LogLevel.Warning, "Whether Redis is up to date could not be found out, and is tried again: {Failure}")]
    public static partial void Failed(ILogger logger, string failure);
}
