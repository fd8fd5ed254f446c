using System.Globalization;
using HybridStore.Fencing;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Writing;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Reading.Stale;

/// <summary>A store with one entry, of the value 1, that has expired a minute ago and is kept for an hour.</summary>
internal sealed class ExpiredEntry : IAsyncDisposable
{
    public const string Key = "user:1";
    public const string Tag = "org:1";

    private ExpiredEntry(StoreHost host, RawRedis raw)
    {
        Host = host;
        Raw = raw;
    }

    public static EntryOptions Options { get; } = new()
    {
        TimeToLive = TimeSpan.FromHours(2),
        Jitter = 0,
        Beta = 0,
        StaleOnError = TimeSpan.FromHours(1),
    };

    /// <summary>The store's time, where it is the test's to say.</summary>
    public FakeTimeProvider Time { get; private init; } = new();

    /// <summary>Tells of those who have joined another's load, likewise.</summary>
    public StepGate Gate { get; private init; } = new(null);

    public StoreHost Host { get; }

    public RawRedis Raw { get; }

    public IHybridStore Store => Host.Store;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ExpiredEntry> StartAsync(
        ServersFixture servers, Action<HybridStoreOptions>? configure = null, Action<IServiceCollection>? register = null)
    {
        var host = await StoreHost.StartAsync(servers, configure, (services, _) =>
        {
            services.AddMetrics();
            register?.Invoke(services);
        });
        return await OfAsync(host, servers.Redis);
    }

    /// <summary>The same with time that stands still until the test lets it pass.</summary>
    public static async Task<ExpiredEntry> StartInStoppedTimeAsync(ServersFixture servers)
    {
        var (time, gate) = (new FakeTimeProvider(), new StepGate(null));
        var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.RedisTimeout = TimeSpan.FromMinutes(1);
                options.Protocol = new ProtocolUnderTest { Gate = gate };
            },
            (services, _) => services.AddMetrics().AddSingleton<TimeProvider>(time));
        return await PrepareAsync(new ExpiredEntry(host, await RawRedis.OfAsync(host, servers.Redis)) { Time = time, Gate = gate });
    }

    /// <summary>Lets time pass until something has happened.</summary>
    public Task PassUntilAsync(TimeSpan step, Func<bool> condition, string what) => Eventually.HappensAsync(
        () =>
        {
            Time.Advance(step);
            return condition();
        },
        what);

    public static async Task<ExpiredEntry> OfAsync(StoreHost host, RedisServer redis) =>
        await PrepareAsync(new ExpiredEntry(host, await RawRedis.OfAsync(host, redis)));

    /// <summary>Stores it with a stamp.</summary>
    public async Task StoreAsync()
    {
        await Store.GetAsync(
            Key,
            async (context, token) =>
            {
                context.AddTag(Tag);
                return await context.QuerySingleOrDefaultAsync<int>("select 1", cancellationToken: token);
            },
            Options,
            Cancellation);
        await Raw.SettleAsync();
    }

    /// <summary>Makes it look as if it had expired so long ago.</summary>
    public async Task ExpireAsync(TimeSpan ago)
    {
        var expiry = await NowAsync() - (long)ago.TotalMilliseconds;
        await Raw.Database.StringSetRangeAsync(Raw.Name(Key), 4, BitConverter.GetBytes(expiry));
    }

    /// <summary>Redis's clock.</summary>
    public async Task<long> NowAsync()
    {
        var time = (string[])(await Host.RedisAsync("TIME"))!;
        return (long.Parse(time[0], CultureInfo.InvariantCulture) * 1000) + (long.Parse(time[1], CultureInfo.InvariantCulture) / 1000);
    }

    public Task<int> ReadAsync(HeldLoad load, EntryOptions? options = null, CancellationToken? cancellationToken = null) =>
        Store.GetAsync(Key, load.RunAsync, options ?? Options, cancellationToken ?? Cancellation).AsTask();

    /// <summary>Reads with a load that fails.</summary>
    public Task<int> ReadInVainAsync(IHybridStore? through = null, EntryOptions? options = null) => (through ?? Store).GetAsync<int>(
        Key, static (_, _) => throw new DatabaseAwayException(), options ?? Options, Cancellation).AsTask();

    public Task AssertFailsAsync(IHybridStore? through = null) =>
        Assert.ThrowsAsync<DatabaseAwayException>(() => ReadInVainAsync(through));

    private static async Task<ExpiredEntry> PrepareAsync(ExpiredEntry entry)
    {
        await entry.StoreAsync();
        await entry.ExpireAsync(TimeSpan.FromMinutes(1));
        return entry;
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
