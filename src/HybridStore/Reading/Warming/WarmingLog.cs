using Microsoft.Extensions.Logging;

namespace HybridStore.Reading.Warming;

/// <summary>Event ids 2320 to 2329.</summary>
internal static partial class WarmingLog
{
    [LoggerMessage(2320, LogLevel.Warning,
        "A warm-up has stopped at {MaximumEntries} ids and there are more. Warm what is read most, or raise WarmOptions.MaximumEntries.")]
    public static partial void Capped(ILogger logger, long maximumEntries);

    [LoggerMessage(2321, LogLevel.Warning, "A warm-up has stopped after {Stored} entries, because Redis did not answer.")]
    public static partial void Interrupted(ILogger logger, long stored);

    [LoggerMessage(2322, LogLevel.Information, "The warm-up {Warmup} begins: {Reason}.")]
    public static partial void Begins(ILogger logger, string warmup, string reason);

    [LoggerMessage(2323, LogLevel.Information, "The warm-up {Warmup} has ended after {Elapsed}.")]
    public static partial void Ended(ILogger logger, string warmup, TimeSpan elapsed);

    [LoggerMessage(2324, LogLevel.Error, "The warm-up {Warmup} has failed ({Failure}); it is tried again in {Pause}.")]
    public static partial void Failed(ILogger logger, string warmup, string failure, TimeSpan pause);
}
