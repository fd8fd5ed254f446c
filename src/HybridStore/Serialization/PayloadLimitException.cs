namespace HybridStore.Serialization;

/// <summary>Stops a serialiser whose output has outgrown the entry's limit. It never leaves the codec.</summary>
internal sealed class PayloadLimitException(int maximumPayloadBytes)
    : Exception($"The payload is larger than the {maximumPayloadBytes} bytes that an entry may hold.");
