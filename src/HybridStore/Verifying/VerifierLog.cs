using Microsoft.Extensions.Logging;

namespace HybridStore.Verifying;

/// <summary>Event ids 2000 to 2099. No key or value is logged here above Debug.</summary>
internal static partial class VerifierLog
{
    [LoggerMessage(2000, LogLevel.Error,
        "A cached value of type {Type}, policy {Policy}, is not what its load reads now, and nothing has invalidated it for {Grace}: the load reads something that no write names and no watched table gives. The entry was removed; Debug tells its key.")]
    public static partial void Different(ILogger logger, Type type, string policy, TimeSpan grace);

    [LoggerMessage(2001, LogLevel.Debug, "What was known of the entry that differs:\n{Explanation}")]
    public static partial void Explained(ILogger logger, EntryExplanation explanation);

    [LoggerMessage(2002, LogLevel.Warning,
        "A load of type {Type}, policy {Policy}, gives one value and then another although nothing was written in between: it depends on the time, on chance or on an order that it does not ask for. Such values cannot be verified.")]
    public static partial void Unstable(ILogger logger, Type type, string policy);

    [LoggerMessage(2003, LogLevel.Debug, "A verification failed ({Failure}).")]
    public static partial void Failed(ILogger logger, string failure);
}
