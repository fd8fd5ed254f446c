using HybridStore.Resilience;

namespace HybridStore.Redis;

/// <summary>A call that stores several entries.</summary>
/// <param name="Places">Where they stand among all that are stored.</param>
/// <param name="Answers">An answer for each of them.</param>
internal readonly record struct StoreCall(int[] Places, Task<RedisCallResult<StoreAnswer[]>> Answers);
