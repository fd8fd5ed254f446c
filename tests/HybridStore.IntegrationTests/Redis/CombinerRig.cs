using System.Collections.Concurrent;
using HybridStore.Redis;
using HybridStore.Redis.CombinedReads;
using HybridStore.Resilience;
using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Redis;

/// <summary>A combiner on a client and a proxy of its own, in front of the shared Redis server, and a list of the calls it makes.</summary>
internal sealed class CombinerRig : IAsyncDisposable
{
    private readonly ConcurrentQueue<int> _calls = new();

    private CombinerRig(
        FaultProxy proxy,
        IConnectionMultiplexer multiplexer,
        CircuitBreakerOptions options,
        TimeSpan timeout,
        TimeProvider time,
        bool isCounted)
    {
        Proxy = proxy;
        Multiplexer = multiplexer;
        Breaker = new RedisCircuitBreaker(options, timeout, time);
        var database = multiplexer.GetDatabase();
        database = isCounted ? CountingDatabase.Of(database, _calls) : database;
        Combiner = new ReadCombiner(database, Breaker, CommandFlags.DemandMaster, timeout, time);
    }

    public FaultProxy Proxy { get; }

    public IConnectionMultiplexer Multiplexer { get; }

    public RedisCircuitBreaker Breaker { get; }

    public ReadCombiner Combiner { get; }

    public string Prefix { get; } = RedisServer.NewKeyPrefix();

    /// <summary>How many keys each call had, in order; 0 stands for a GET.</summary>
    public int[] Calls => [.. _calls];

    public static Task<CombinerRig> StartAsync(
        ServersFixture servers, CircuitBreakerOptions? options = null, TimeSpan? timeout = null, TimeProvider? time = null) =>
        StartAsync(servers, options, timeout, time, isCounted: true);

    /// <summary>Where counting would disturb.</summary>
    public static Task<CombinerRig> StartUncountedAsync(ServersFixture servers) => StartAsync(servers, null, null, null, isCounted: false);

    private static async Task<CombinerRig> StartAsync(
        ServersFixture servers, CircuitBreakerOptions? options, TimeSpan? timeout, TimeProvider? time, bool isCounted)
    {
        var direct = ConfigurationOptions.Parse(servers.Redis.DirectConnectionString);
        var proxy = FaultProxy.Start(direct.EndPoints.Single());
        var configuration = direct.Clone();
        configuration.EndPoints.Clear();
        configuration.EndPoints.Add(proxy.Endpoint);
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(configuration);
        return new CombinerRig(
            proxy,
            multiplexer,
            options ?? new CircuitBreakerOptions(),
            timeout ?? TimeSpan.FromSeconds(10),
            time ?? TimeProvider.System,
            isCounted);
    }

    /// <summary>The name of a key, the same length for all, so that none is part of another.</summary>
    public string Key(int number) => string.Create(null, $"{Prefix}{number:0000}.");

    public static string Value(int number) => string.Create(null, $"value of {number}");

    public async Task FillAsync(int count) => await Multiplexer.GetDatabase().StringSetAsync(
        [.. Enumerable.Range(0, count).Select(number => KeyValuePair.Create((RedisKey)Key(number), (RedisValue)Value(number)))]);

    public Task<RedisCallResult<FoundEntry>> ReadAsync(int number, CancellationToken cancellationToken = default) =>
        Combiner.ReadAsync(Key(number), cancellationToken).AsTask();

    /// <summary>Starts reads from the first to the last of these numbers.</summary>
    public Task<RedisCallResult<FoundEntry>>[] Read(int first, int last) =>
        [.. Enumerable.Range(first, last - first + 1).Select(number => ReadAsync(number))];

    public async ValueTask DisposeAsync()
    {
        await Multiplexer.DisposeAsync();
        await Proxy.DisposeAsync();
    }
}
