using System.Text.Json;
using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers;
using StackExchange.Redis;

namespace HybridStore.Consistency.Peers;

/// <summary>The cache-aside that everybody writes once: GET, else load and SET; DEL once the write is committed; a set of keys for each tag.
/// The control of the soak: a run that does not find it stale finds nothing.</summary>
internal sealed class NaiveCache : IPeerCache
{
    private readonly IConnectionMultiplexer _multiplexer;
    private readonly IDatabase _database;
    private readonly string _prefix;

    private NaiveCache(IConnectionMultiplexer multiplexer, string prefix) =>
        (_multiplexer, _database, _prefix) = (multiplexer, multiplexer.GetDatabase(), prefix);

    public static async Task<IPeerCache> StartAsync(WorkerPlan plan) =>
        new NaiveCache(await ConnectionMultiplexer.ConnectAsync(PeerRedis.Configuration(plan)), plan.Prefix);

    public async Task<RowValue[]> ReadAsync(SoakKey key, string? tag, Func<Task<RowValue[]>> load)
    {
        var found = await _database.StringGetAsync(Name(key.Name));
        if (!found.IsNull)
        {
            return JsonSerializer.Deserialize<RowValue[]>((byte[])found!)!;
        }

        var rows = await load();
        if (tag is not null)
        {
            await _database.SetAddAsync(Name(tag), key.Name);
        }

        await _database.StringSetAsync(Name(key.Name), JsonSerializer.SerializeToUtf8Bytes(rows), Lifetimes.Of(key));
        return rows;
    }

    public Task RemoveAsync(string key) => _database.KeyDeleteAsync(Name(key));

    public async Task RemoveByTagAsync(string tag)
    {
        var keys = await _database.SetMembersAsync(Name(tag));
        await _database.KeyDeleteAsync([.. keys.Select(key => Name(key!))]);
    }

    public Task<bool> TryClearAsync() => Task.FromResult(false);

    public ValueTask DisposeAsync() => _multiplexer.DisposeAsync();

    private RedisKey Name(string name) => $"{_prefix}:{name}";
}
