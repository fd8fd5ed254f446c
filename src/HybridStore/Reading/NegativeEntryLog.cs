using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Event ids 2310 to 2319.</summary>
internal static partial class NegativeEntryLog
{
    [LoggerMessage(2310, LogLevel.Warning,
        "More than {Limit} missing rows a second are being read; those above are not cached. Somebody may be going through ids that do not "
        + "exist; if that is what the application does, raise MaxNegativeEntriesPerSecond.")]
    public static partial void Limited(ILogger logger, int limit);
}
