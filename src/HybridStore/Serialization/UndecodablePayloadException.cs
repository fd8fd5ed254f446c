using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace HybridStore.Serialization;

/// <summary>
/// Why a payload did not deserialise, fit for a log: where it failed and with which exception, but neither that exception nor
/// its message, since both may quote the payload (a JSON path holds dictionary keys, a FormatException the text).
/// </summary>
internal sealed class UndecodablePayloadException : Exception
{
    public UndecodablePayloadException(Type valueType, string reason)
        : base($"The payload of a '{valueType}' is not readable: {reason}.")
    {
    }

    public UndecodablePayloadException(Type valueType, Exception failure)
        : this(valueType, Describe(failure))
    {
        if (failure.StackTrace is { } stackTrace)
        {
            ExceptionDispatchInfo.SetRemoteStackTrace(this, stackTrace);
        }
    }

    private static string Describe(Exception failure) =>
        failure is JsonException { LineNumber: { } line, BytePositionInLine: { } position }
            ? $"{failure.GetType()} at line {line}, byte {position}"
            : failure.GetType().ToString();
}
