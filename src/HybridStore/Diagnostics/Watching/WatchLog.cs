using Microsoft.Extensions.Logging;

namespace HybridStore.Diagnostics.Watching;

/// <summary>Event ids 2100 to 2199. No key or value is logged here.</summary>
internal static partial class WatchLog
{
    [LoggerMessage(2100, LogLevel.Warning,
        "The hit rate has dropped to {Rate:P1}, from {Baseline:P1}: look for a flush, evictions, a short time to live, new keys, or invalidations of whole tags.")]
    public static partial void HitRateDropped(ILogger logger, double rate, double baseline);

    [LoggerMessage(2101, LogLevel.Information, "The hit rate is usual again: {Rate:P1}, with a baseline of {Baseline:P1}.")]
    public static partial void HitRateRecovered(ILogger logger, double rate, double baseline);

    [LoggerMessage(2102, LogLevel.Warning,
        "Redis does not tell its figures ({Failure}); they are left out of the metrics until it does. The user needs the right to call INFO.")]
    public static partial void NotTold(ILogger logger, string failure);

    [LoggerMessage(2103, LogLevel.Information, "Redis tells its figures again.")]
    public static partial void ToldAgain(ILogger logger);

    [LoggerMessage(2104, LogLevel.Information, "What Redis evicts when it is full has changed from {Before} to {Now}.")]
    public static partial void EvictionChanged(ILogger logger, string before, string now);
}
