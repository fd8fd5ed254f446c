using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Event ids 1200 to 1299. No key or value is logged here.</summary>
internal static partial class ReadingLog
{
    [LoggerMessage(1200, LogLevel.Warning,
        "A value of type {Type} is larger than {MaximumPayloadBytes} bytes and was not cached. Raise MaximumPayloadBytes, or cache less.")]
    public static partial void TooLarge(ILogger logger, Type type, int maximumPayloadBytes);

    [LoggerMessage(1201, LogLevel.Error, "A value of type {Type} could not be serialized ({Error}) and was not cached.")]
    public static partial void Unserializable(ILogger logger, Type type, Type error);

    [LoggerMessage(1202, LogLevel.Warning, "Redis did not take an entry ({Failure}); its value will be loaded again.")]
    public static partial void StoreFailed(ILogger logger, string failure);

    [LoggerMessage(1203, LogLevel.Warning, "An early refresh failed ({Failure}); the entry stays as it is until it expires.")]
    public static partial void RefreshFailed(ILogger logger, string failure);

    [LoggerMessage(1204, LogLevel.Debug, "Bytes found in Redis could not be read as an entry; they count as a miss.")]
    public static partial void UndecodablePayload(ILogger logger, Exception error);

    [LoggerMessage(1205, LogLevel.Information,
        "A shared load failed ({Failure}) after the caller that had started it was gone; a waiter loads for itself.")]
    public static partial void RepeatedForWaiter(ILogger logger, string failure);

    [LoggerMessage(1206, LogLevel.Warning, "A load failed on the standby ({Failure}) and is run on the primary.")]
    public static partial void StandbyFailed(ILogger logger, string failure);
}
