using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Serialization;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Two instances of one application, and a table of items whose versions only grow, each cached under a key of its own and one
/// tag for all. Every step waits until it has been done, so that a test says in which order things happen.</summary>
internal sealed class Race : IAsyncDisposable
{
    public const string Key = "item:1";
    public const string Tag = "items";

    private readonly IDatabase _redis;
    private readonly Dictionary<StoreHost, MetricCollector<long>> _stores = [];

    private Race(StoreHost first, StoreHost second, IDatabase redis)
    {
        First = first;
        Second = second;
        _redis = redis;
        foreach (var host in (StoreHost[])[first, second])
        {
            _stores[host] = new MetricCollector<long>(
                host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.stores");
        }
    }

    public StoreHost First { get; }

    public StoreHost Second { get; }

    public RedisKey Guard => Layout.Guard(Layout.PartitionOf(Key), Key);

    public RedisKey TagFences => Layout.TagFences(Layout.PartitionOf(Key), Tag);

    /// <summary>Where Redis keeps the members of the tag that share the key's partition.</summary>
    public RedisKey TagSet => First.Generation.TagSet(Layout.PartitionOf(Key), Tag);

    /// <summary>Redis past the stores.</summary>
    public IDatabase Redis => _redis;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RedisLayout Layout => First.Root.Redis!.Session!.Layout;

    public static Task<Race> StartAsync(
        TestServers servers, Action<HybridStoreOptions>? configure = null, TimeProvider? secondClock = null) =>
        StartAsync(new SingleServers(servers), configure, secondClock);

    /// <param name="servers">The servers.</param>
    /// <param name="configure">Changes options.</param>
    /// <param name="secondClock">What the second instance takes for the time.</param>
    public static async Task<Race> StartAsync(
        IStoreServers servers, Action<HybridStoreOptions>? configure = null, TimeProvider? secondClock = null)
    {
        var first = await StoreHost.StartAsync(servers, Configure, (services, _) => services.AddMetrics());
        var second = await StoreHost.StartAsync(
            servers, Configure, (services, _) => services.AddMetrics().AddSingleton(secondClock ?? TimeProvider.System), besides: first);
        await first.ExecuteAsync("create table item (id int primary key, version int not null)");
        await first.ExecuteAsync("insert into item select id, 0 from generate_series(1, 4) id");
        return new Race(first, second, await servers.ConnectToRedisAsync());

        void Configure(HybridStoreOptions options)
        {
            // A lease that a test ends must not be renewed by the load that it holds.
            options.LeaseDuration = options.FenceTtl;
            configure?.Invoke(options);
        }
    }

    public Task<OpenWrite> BeginWriteAsync(int version, int item = 1) => OpenWrite.BeginAsync(
        First.DataSource, string.Create(CultureInfo.InvariantCulture, $"update item set version = {version} where id = {item}"));

    /// <summary>Writes, and tells no cache.</summary>
    public async Task<ulong> CommitAsync(int version, int item = 1)
    {
        await using var write = await BeginWriteAsync(version, item);
        await write.CommitAsync();
        return write.Xid;
    }

    public static Task InvalidateKeyAsync(StoreHost host, ulong? xid, string key = Key) =>
        InvalidateAsync(host, new Invalidation { Keys = [key], TransactionId = xid });

    public static Task InvalidateTagAsync(StoreHost host, ulong? xid) =>
        InvalidateAsync(host, new Invalidation { Tags = [Tag], TransactionId = xid });

    public static async Task InvalidateAsync(StoreHost host, Invalidation what)
    {
        var receipt = await host.Store.InvalidateAsync(what, Cancellation);
        Assert.True(
            receipt.Status == InvalidationStatus.Applied,
            $"The invalidation is {receipt.Status}: {string.Join("; ", host.Logs.GetSnapshot().Select(record => $"{record.Message} {record.Exception}"))}");
    }

    /// <summary>What a load of an item does.</summary>
    public Func<LoadContext, CancellationToken, ValueTask<int>> Load(LoadPath path = LoadPath.Query, int item = 1) =>
        (context, token) =>
        {
            context.AddTag(Tag);
            return path.ReadAsync<int>(
                string.Create(CultureInfo.InvariantCulture, $"select version from item where id = {item}"),
                First.DataSource,
                context,
                token);
        };

    /// <summary>Reads as an application does, and waits until what it may have stored is there.</summary>
    public async Task<int> ReadAsync(StoreHost host, LoadPath path = LoadPath.Query)
    {
        var version = await host.Store.GetAsync(Key, Load(path), cancellationToken: Cancellation);
        await SettleAsync();
        return version;
    }

    /// <summary>Starts a read whose load has read the row and is held before it returns.</summary>
    public Task<HeldRead> HoldAsync(StoreHost host, LoadPath path = LoadPath.Query) => HoldAsync(host, Load(path));

    public async Task<HeldRead> HoldAsync(StoreHost host, Func<LoadContext, CancellationToken, ValueTask<int>> load)
    {
        var read = HoldBeforeReading(host, load);
        await read.LetReadAsync();
        return read;
    }

    public async Task<HeldRead> HoldAsync(StoreHost host, string key)
    {
        var read = HoldBeforeReading(host, key: key);
        await read.LetReadAsync();
        return read;
    }

    /// <summary>Starts a read whose load is held before it reads.</summary>
    public HeldRead HoldBeforeReading(
        StoreHost host, Func<LoadContext, CancellationToken, ValueTask<int>>? load = null, string key = Key)
    {
        var held = new HeldLoad<int>(load ?? Load(), holdBeforeReading: true);
        return new HeldRead(held, host.Store.GetAsync(key, held.RunAsync, cancellationToken: Cancellation).AsTask(), _stores[host]);
    }

    /// <summary>What becomes of the values that an instance has loaded.</summary>
    public MetricCollector<long> StoresOf(StoreHost host) => _stores[host];

    /// <summary>The version that Redis holds.</summary>
    public async Task<int?> CachedAsync(string key = Key)
    {
        byte[]? entry = await EntryAsync(key);
        return entry is not null && EntryHeader.TryRead(entry, out var header)
            ? int.Parse(Encoding.UTF8.GetString(entry.AsSpan(header.Length)), CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>The stamp of the entry that Redis holds.</summary>
    public async Task<SnapshotStamp?> StampAsync(string key = Key)
    {
        byte[]? entry = await EntryAsync(key);
        Assert.True(EntryHeader.TryRead(entry, out var header), "There is no readable entry.");
        return header.ReadStamp(entry);
    }

    public async Task<bool> IsMemberAsync(string key = Key) =>
        await _redis.SortedSetScoreAsync(TagSet, key) is not null;

    /// <summary>As if the lease of the key had lasted its time.</summary>
    public async Task EndLeaseAsync()
    {
        Assert.True(await _redis.HashExistsAsync(Guard, "t"), "Nobody holds a lease.");
        await _redis.HashSetAsync(Guard, "e", 1);
    }

    /// <summary>As if the lease of the key had been granted too long ago for fences to be remembered.</summary>
    public async Task PretendFenceTtlHasPassedAsync()
    {
        var granted = (long)await _redis.HashGetAsync(Guard, "a");
        var fenceTtl = First.Root.Redis!.Session!.Fencing.FenceTtl;
        await _redis.HashSetAsync(Guard, "a", granted - (long)fenceTtl.TotalMilliseconds);
    }

    /// <summary>Everything that the stores have sent to Redis so far is done.</summary>
    public async Task SettleAsync()
    {
        await First.SettleAsync();
        await Second.SettleAsync();
    }

    /// <summary>Nothing older is in Redis, either instance reads this version, and the cache is of use again.</summary>
    public async Task AssertReadersGetAsync(int version)
    {
        Assert.True(await CachedAsync() is not { } cached || cached >= version, "Redis holds an old version.");
        Assert.Equal(version, await ReadAsync(First));
        Assert.Equal(version, await ReadAsync(Second));
        Assert.Equal(version, await CachedAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var collector in _stores.Values)
        {
            collector.Dispose();
        }

        await Second.DisposeAsync();
        await First.DisposeAsync();
    }

    private async Task<byte[]?> EntryAsync(string key)
    {
        await SettleAsync();
        return await _redis.StringGetAsync(First.EntryName(key));
    }
}
