using System.Buffers;
using Microsoft.Extensions.Caching.Hybrid;

namespace HybridStore.Serialization;

/// <summary>The serializer that was chosen for one type.</summary>
internal abstract class PayloadSerializer<T>
{
    private const int LeastLength = 256;

    private int _expectedLength = LeastLength;

    /// <summary>
    /// A guess at the next payload's length from the last one, so that most payloads are written without growing their
    /// buffer. Threads overwrite each other's guess; any of them will do.
    /// </summary>
    public int ExpectedLength
    {
        get => _expectedLength;
        set => _expectedLength = Math.Max(LeastLength, value + (value / 4));
    }

    public abstract void Serialize(T value, IBufferWriter<byte> target);

    public abstract T Deserialize(ReadOnlySequence<byte> source);
}

/// <summary>A type that the store's own serializer serves.</summary>
internal sealed class StorePayloadSerializer<T>(IHybridStoreSerializer serializer) : PayloadSerializer<T>
{
    public override void Serialize(T value, IBufferWriter<byte> target) => serializer.Serialize(value, target);

    public override T Deserialize(ReadOnlySequence<byte> source) => serializer.Deserialize<T>(source);
}

/// <summary>A type that has a serializer of its own, registered in the terms of Microsoft's HybridCache.</summary>
internal sealed class RegisteredPayloadSerializer<T>(IHybridCacheSerializer<T> serializer) : PayloadSerializer<T>
{
    public override void Serialize(T value, IBufferWriter<byte> target) => serializer.Serialize(value, target);

    public override T Deserialize(ReadOnlySequence<byte> source) => serializer.Deserialize(source);
}

/// <summary>A type whose values cannot be stored: every use says so, and none examines the type again.</summary>
internal sealed class RefusedPayloadSerializer<T>(string message) : PayloadSerializer<T>
{
    public NotSupportedException CreateException() => new(message);

    public override void Serialize(T value, IBufferWriter<byte> target) => throw CreateException();

    public override T Deserialize(ReadOnlySequence<byte> source) => throw CreateException();
}
