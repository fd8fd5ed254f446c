using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Journaling;

/// <summary>All that a store has in Redis at one moment. Restored, it is what a replica holds that has heard of no more, or a snapshot from the
/// disk.</summary>
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

    private readonly StoreHost _host;
    private readonly (RedisKey Name, RedisValue Content, RedisValue TimeToLive)[] _all;

    private RedisMemory(StoreHost host, (RedisKey, RedisValue, RedisValue)[] all) => (_host, _all) = (host, all);

    private static IDatabase DatabaseOf(StoreHost host) => host.Root.Redis!.Session!.Database;

    /// <summary>In one step, so that it is of one moment.</summary>
    public static async Task<RedisMemory> OfAsync(StoreHost host)
    {
        var answer = (RedisResult[])(await DatabaseOf(host).ScriptEvaluateAsync(Dump, values: [host.Prefix]))!;
        return new RedisMemory(host, Array.ConvertAll(answer, one => ((RedisKey)(byte[])one[0]!, (RedisValue)(byte[])one[1]!, (RedisValue)one[2])));
    }

    public Task RestoreAsync() => DatabaseOf(_host).ScriptEvaluateAsync(
        Restore,
        Array.ConvertAll(_all, one => one.Name),
        [_host.Prefix, .. _all.SelectMany(one => (RedisValue[])[one.Content, one.TimeToLive])]);
}
