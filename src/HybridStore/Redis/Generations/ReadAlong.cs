using StackExchange.Redis;

namespace HybridStore.Redis.Generations;

/// <summary>A read that goes along with a question for the generation.</summary>
internal sealed class ReadAlong(RedisKey key, CommandFlags flags)
{
    public RedisKey Key { get; } = key;

    public CommandFlags Flags { get; } = flags;

    /// <summary>What was read.</summary>
    public RedisValue Value { get; set; }
}
