using System.Text.Json;
using ZiggyCreatures.Caching.Fusion.Serialization;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>System.Text.Json for FusionCache, as its own serializer package does it.</summary>
internal sealed class JsonFusionCacheSerializer : IFusionCacheSerializer
{
    public byte[] Serialize<T>(T? obj) => JsonSerializer.SerializeToUtf8Bytes(obj);

    public T? Deserialize<T>(byte[] data) => JsonSerializer.Deserialize<T>(data);

    public ValueTask<byte[]> SerializeAsync<T>(T? obj, CancellationToken token = default) => new(Serialize(obj));

    public ValueTask<T?> DeserializeAsync<T>(byte[] data, CancellationToken token = default) => new(Deserialize<T>(data));
}
