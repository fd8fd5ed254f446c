using Microsoft.Extensions.Logging;

namespace HybridStore.Resilience.LoadLimiting;

/// <summary>Event ids 2200 to 2299.</summary>
internal static partial class LoadLimiterLog
{
    [LoggerMessage(2200, LogLevel.Warning,
        "{Rejected} load(s) have been turned away so far: {Limit} run at once, which is all that LoadLimiter.MaxConcurrentLoads allows.")]
    public static partial void TurnedAway(ILogger logger, long rejected, int limit);
}
