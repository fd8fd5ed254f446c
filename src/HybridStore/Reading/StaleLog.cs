using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Event ids 2300 to 2304. No key or value is logged here.</summary>
internal static partial class StaleLog
{
    [LoggerMessage(2300, LogLevel.Warning,
        "{Served} read(s) so far have been answered with a value past its time to live, as StaleOnError allows; this one because {Reason}.")]
    public static partial void Served(ILogger logger, long served, string reason);

    [LoggerMessage(2301, LogLevel.Warning,
        "A load failed ({Failure}) that went on behind a caller who had got a value past its time to live; the next read loads again.")]
    public static partial void FailedBehind(ILogger logger, string failure);
}
