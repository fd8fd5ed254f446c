using Microsoft.Extensions.Logging;

namespace HybridStore.Invalidating;

/// <summary>Event ids 1100 to 1199. No key or tag is logged here.</summary>
internal static partial class InvalidationLog
{
    [LoggerMessage(1100, LogLevel.Warning,
        "Redis did not take an invalidation of {Keys} key(s) and {Tags} tag(s); it is retried in the background.")]
    public static partial void Queued(ILogger logger, int keys, int tags);

    [LoggerMessage(1101, LogLevel.Information,
        "Redis has taken the invalidations that waited: {Count} key(s) and tag(s) (0: too many to count, so the whole cache was emptied).")]
    public static partial void AppliedLate(ILogger logger, int count);

    [LoggerMessage(1102, LogLevel.Error,
        "More than {Capacity} keys and tags wait to be invalidated: the whole cache is emptied instead once Redis is back.")]
    public static partial void Overflowed(ILogger logger, int capacity);

    [LoggerMessage(1103, LogLevel.Error,
        "The store was disposed while {Count} key(s) and tag(s) waited to be invalidated: their entries live until they expire.")]
    public static partial void Abandoned(ILogger logger, int count);

    [LoggerMessage(1104, LogLevel.Warning, "Redis did not take the invalidation of the whole cache; it is retried in the background.")]
    public static partial void FlushQueued(ILogger logger);
}
