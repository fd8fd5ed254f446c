using System.Collections.Concurrent;
using HybridStore.Benchmarks.Contenders;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Races;

/// <summary>The cache-aside that everybody writes once: GET, else load and SET; DEL to invalidate; a set of keys for each tag. It shares
/// loads within the process and refreshes entries behind their readers. A control: a race that does not show it stale shows nothing.</summary>
internal sealed class NaiveRacer : Racer
{
    private readonly RacerSetup _setup;
    private readonly IConnectionMultiplexer _multiplexer;
    private readonly IDatabase _database;
    private readonly ConcurrentDictionary<string, Lazy<Task<int>>> _loads = new();
    private int _refreshes;

    private NaiveRacer(RacerSetup setup, IConnectionMultiplexer multiplexer)
    {
        _setup = setup;
        _multiplexer = multiplexer;
        _database = multiplexer.GetDatabase();
    }

    public override int Refreshes => Volatile.Read(ref _refreshes);

    public static async Task<Racer> StartAsync(RacerSetup setup) =>
        new NaiveRacer(setup, await RedisConnections.ConnectAsync(setup.Redis));

    public override async Task<int> ReadAsync(RaceItem item, RaceLoad load, bool refreshed = false)
    {
        var timeToLive = refreshed ? RefreshedTimeToLive : TimeToLive;
        var found = await _database.StringGetWithExpiryAsync(Name(item.Key));
        if (found.Value.IsNull)
        {
            return await LoadAsync(item, load, timeToLive);
        }

        if (refreshed && found.Expiry < timeToLive - RefreshAge)
        {
            _ = RefreshAsync(item, load, timeToLive);
        }

        return (int)found.Value;
    }

    public override Task RemoveAsync(RaceItem item) => _database.KeyDeleteAsync(Name(item.Key));

    public override async Task RemoveByTagAsync(RaceItem item)
    {
        foreach (var key in await _database.SetMembersAsync(Name(item.Tag)))
        {
            await _database.KeyDeleteAsync(Name(key!));
        }

        await _database.KeyDeleteAsync(Name(item.Tag));
    }

    public override ValueTask DisposeAsync() => _multiplexer.DisposeAsync();

    private Task<int> LoadAsync(RaceItem item, RaceLoad load, TimeSpan timeToLive) =>
        _loads.GetOrAdd(item.Key, _ => new Lazy<Task<int>>(() => LoadAndStoreAsync(item, load, timeToLive))).Value;

    private async Task RefreshAsync(RaceItem item, RaceLoad load, TimeSpan timeToLive)
    {
        await LoadAsync(item, load, timeToLive);
        Interlocked.Increment(ref _refreshes);
    }

    private async Task<int> LoadAndStoreAsync(RaceItem item, RaceLoad load, TimeSpan timeToLive)
    {
        try
        {
            var version = await load.RunAsync(token => _setup.Table.ReadAsync(item, token), CancellationToken.None);
            await _database.SetAddAsync(Name(item.Tag), item.Key);
            await _database.StringSetAsync(Name(item.Key), version, timeToLive);
            return version;
        }
        finally
        {
            _loads.TryRemove(item.Key, out _);
        }
    }

    private RedisKey Name(string name) => $"{_setup.Prefix}naive:{name}";
}
