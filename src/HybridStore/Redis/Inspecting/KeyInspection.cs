using HybridStore.Redis.Generations;
using StackExchange.Redis;

namespace HybridStore.Redis.Inspecting;

/// <summary>What <c>explain.lua</c> has found out about a key.</summary>
/// <param name="In">The generation in which its entry was looked for; null if none is known, and so nothing was looked for.</param>
/// <param name="Now">Redis's time, in milliseconds since the Unix epoch.</param>
/// <param name="RedisType">What is under the entry's name, in Redis's word: <c>string</c> where all is well, <c>none</c> where nothing is.</param>
/// <param name="Head">The first bytes of the entry: as many as a header can have.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="TimeToLive">Null if it has none.</param>
/// <param name="Guard">The guard of the key.</param>
/// <param name="State">The state of the partition.</param>
internal sealed record KeyInspection(
    Generation? In,
    long Now,
    string RedisType,
    ReadOnlyMemory<byte> Head,
    long Size,
    TimeSpan? TimeToLive,
    HashFields Guard,
    HashFields State)
{
    /// <summary>The generation that the partition is in; null if it has no record of one.</summary>
    public long? Recorded { get; } = State.NumberOf("g") is > 0 and var number ? number : null;

    public static KeyInspection Of(RedisResult answer, Generation? generation) => new(
        generation,
        (long)answer[0],
        (string?)answer[1] ?? "none",
        (byte[]?)answer[2] ?? [],
        (long)answer[3],
        (long)answer[4] is >= 0 and var left ? TimeSpan.FromMilliseconds(left) : null,
        new HashFields((RedisResult[]?)answer[5]),
        new HashFields((RedisResult[]?)answer[6]));
}
