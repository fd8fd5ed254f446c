using StackExchange.Redis;

namespace HybridStore.Consistency.Faults;

/// <summary>All that the workers have in Redis at one moment.</summary>
internal sealed class RedisMemory
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
    public static async Task<RedisMemory> OfAsync(IDatabase database, string prefix)
    {
        var answer = (RedisResult[])(await database.ScriptEvaluateAsync(Dump, values: [prefix]))!;
        return new RedisMemory(
            prefix, Array.ConvertAll(answer, one => ((RedisKey)(byte[])one[0]!, (RedisValue)(byte[])one[1]!, (RedisValue)one[2])));
    }

    public Task RestoreAsync(IDatabase database) => database.ScriptEvaluateAsync(
        Restore,
        Array.ConvertAll(_all, one => one.Name),
        [_prefix, .. _all.SelectMany(one => (RedisValue[])[one.Content, one.TimeToLive])]);
}
