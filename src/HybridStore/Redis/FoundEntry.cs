using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>What was read under the name of an entry.</summary>
/// <param name="Value">The entry; null is a miss.</param>
/// <param name="Mark">The applied mark of its partition at the same moment, where it was asked for; null if there is none.</param>
/// <param name="Generation">The generation in which it was read, where the mark was asked for.</param>
internal readonly record struct FoundEntry(RedisValue Value, RedisValue Mark = default, long Generation = 0);
