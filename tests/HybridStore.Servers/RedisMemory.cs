using StackExchange.Redis;

namespace HybridStore.Servers;

/// <summary>All that a store has in Redis at one moment. Restored, it is what a replica holds that has heard of no more, or a snapshot from the
/// disk.</summary>
public sealed class RedisMemory
{
    private const string Dump = """
        local names, result = redis.call('KEYS', ARGV[1] .. ':*'), {}
        for i = 1, #names do
          result[i] = { names[i], redis.call('DUMP', names[i]), redis.call('PTTL', names[i]) }
        end
        return result
        """;

    private const string Restore = """
        local names = redis.call('KEYS', ARGV[1] .. ':*')
        for i = 1, #names do redis.call('DEL', names[i]) end
        for i = 1, #KEYS do
          redis.call('RESTORE', KEYS[i], math.max(0, tonumber(ARGV[2 * i + 1])), ARGV[2 * i])
        end
        """;

    private readonly string _prefix;
    private readonly (RedisKey Name, RedisValue Content, RedisValue TimeToLive)[] _all;

    private RedisMemory(string prefix, (RedisKey, RedisValue, RedisValue)[] all) => (_prefix, _all) = (prefix, all);

    /// <summary>In one step, so that it is of one moment.</summary>
    /// <param name="database">Redis.</param>
    /// <param name="prefix">What all names of the store begin with.</param>
    public static async Task<RedisMemory> OfAsync(IDatabase database, string prefix)
    {
        var answer = (RedisResult[])(await database.ScriptEvaluateAsync(Dump, values: [prefix]))!;
        return new RedisMemory(
            prefix, Array.ConvertAll(answer, one => ((RedisKey)(byte[])one[0]!, (RedisValue)(byte[])one[1]!, (RedisValue)one[2])));
    }

    /// <summary>Puts it in the place of what is there.</summary>
    public Task RestoreAsync(IDatabase database) => database.ScriptEvaluateAsync(
        Restore,
        Array.ConvertAll(_all, one => one.Name),
        [_prefix, .. _all.SelectMany(one => (RedisValue[])[one.Content, one.TimeToLive])]);
}
