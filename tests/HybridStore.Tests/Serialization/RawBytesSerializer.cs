using System.Buffers;

namespace HybridStore.Tests.Serialization;

/// <summary>Stores byte arrays as they are and nothing else; misbehaves on demand.</summary>
internal sealed class RawBytesSerializer : IHybridStoreSerializer
{
    public bool HidesExceptions { get; init; }

    public IBufferWriter<byte>? LastTarget { get; private set; }

    public void Serialize<T>(T value, IBufferWriter<byte> target)
    {
        LastTarget = target;
        try
        {
            target.Write((byte[])(object)value!);
        }
        catch (Exception) when (HidesExceptions)
        {
            // What a careless serializer might do, so that the codec's own check is seen to hold.
        }
    }

    public T Deserialize<T>(ReadOnlySequence<byte> source) => (T)(object)source.ToArray();
}
