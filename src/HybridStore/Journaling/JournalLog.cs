using Microsoft.Extensions.Logging;

namespace HybridStore.Journaling;

/// <summary>Event ids 1700 to 1799. No key or tag is logged here.</summary>
internal static partial class JournalLog
{
    [LoggerMessage(1700, LogLevel.Information, "This instance leads: it applies the journal to Redis.")]
    public static partial void Leads(ILogger logger);

    [LoggerMessage(1701, LogLevel.Warning, "The journal's listener was interrupted and begins anew: {Reason}")]
    public static partial void Interrupted(ILogger logger, string reason);

    [LoggerMessage(1702, LogLevel.Warning, "PostgreSQL was not reached at start; the journal's listener goes on trying.")]
    public static partial void NotReachedAtStart(ILogger logger, Exception error);

    [LoggerMessage(1703, LogLevel.Warning,
        "Partition {Partition} has gone back in time or was led by another instance meanwhile: the journal is applied again from its mark on.")]
    public static partial void Replaying(ILogger logger, int partition);

    [LoggerMessage(1704, LogLevel.Warning,
        "Transactions are counted by another database than when the journal was applied last (a crash, a promotion or a restore): the whole cache is emptied.")]
    public static partial void OtherDatabase(ILogger logger);

    [LoggerMessage(1705, LogLevel.Warning, "The journal does not go back to what was applied last: the whole cache is emptied.")]
    public static partial void Purged(ILogger logger);

    [LoggerMessage(1706, LogLevel.Warning, "What is old in the journal could not be removed, and is tried again: {Reason}")]
    public static partial void NotPurged(ILogger logger, string reason);

    [LoggerMessage(1708, LogLevel.Warning,
        "Redis has not been reached for some time, so the journal is not applied: another instance may lead, which perhaps reaches it.")]
    public static partial void StepsDown(ILogger logger);

    [LoggerMessage(1707, LogLevel.Warning, "PostgreSQL's clock could not be asked, so no entry is known to be young enough: {Reason}")]
    public static partial void ClockNotAsked(ILogger logger, string reason);
}
