using Microsoft.Extensions.Logging;

namespace HybridStore.Writing;

/// <summary>Event ids 1400 to 1499.</summary>
internal static partial class WritingLog
{
    [LoggerMessage(1400, LogLevel.Information, "A write ended with {SqlState} and is run again (attempt {Attempt} of {MaxAttempts}).")]
    public static partial void Repeating(ILogger logger, string sqlState, int attempt, int maxAttempts);

    [LoggerMessage(1401, LogLevel.Error, "COMMIT was sent and its answer never came; what the write named is invalidated all the same.")]
    public static partial void CommitOutcomeUnknown(ILogger logger, Exception error);

    [LoggerMessage(1402, LogLevel.Warning, "A connection could not be given back in order after its transaction had ended.")]
    public static partial void ReleaseFailed(ILogger logger, Exception error);

    [LoggerMessage(1403, LogLevel.Warning, "Redis did not take the fences of a strict write before COMMIT; it is committed all the same.")]
    public static partial void FencesNotSet(ILogger logger);
}
