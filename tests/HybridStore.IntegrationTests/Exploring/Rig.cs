using System.Globalization;
using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Two instances of one application that stop where actors do, and rows of their own whose versions only grow. One order at a
/// time.</summary>
internal sealed class Rig : IAsyncDisposable
{
    /// <summary>The rows of a rig.</summary>
    public const int Rows = 3;

    private static int _rigs;
    private static long _keys;

    private Rig(StoreHost first, StoreHost second, IDatabase redis, FakeTimeProvider clock, int number)
    {
        (First, Second, Redis, Clock) = (first, second, redis, clock);
        FirstRow = number * Rows;
    }

    public StoreHost First { get; }

    public StoreHost Second { get; }

    /// <summary>Redis past the stores.</summary>
    public IDatabase Redis { get; }

    /// <summary>The clock of both instances, which stands still.</summary>
    public FakeTimeProvider Clock { get; }

    /// <summary>The id of its first row.</summary>
    public int FirstRow { get; }

    /// <summary>The newest version of each row.</summary>
    public int[] Newest { get; } = new int[Rows];

    public RedisLayout Layout => First.Root.Redis!.Session!.Layout;

    /// <summary>The other instance.</summary>
    public StoreHost Beside(StoreHost host) => host == First ? Second : First;

    public string NameOf(StoreHost host) => host == First ? "1" : "2";

    /// <summary>A number that no other order uses in its keys.</summary>
    public static long NextNumber() => Interlocked.Increment(ref _keys);

    /// <param name="servers">The servers.</param>
    /// <param name="home">Where there is a table for the rows.</param>
    /// <param name="protocol">Which rules are left out; none.</param>
    /// <param name="cutScript">What is cut out of scripts; nothing.</param>
    public static async Task<Rig> StartAsync(
        TestServers servers, StoreHost home, ProtocolUnderTest? protocol, Func<string, string>? cutScript)
    {
        // A generation of its own: what is raised in one order must not disturb another.
        var prefix = RedisServer.NewKeyPrefix().TrimEnd(':');
        var clock = new FakeTimeProvider();
        var stopping = (protocol ?? new ProtocolUnderTest()) with { Gate = new ActorGate() };
        Task<StoreHost> StartHostAsync() => StoreHost.StartAsync(
            servers,
            options =>
            {
                options.PostgresConnectionString = servers.Postgres.PastProxy(options.PostgresConnectionString!);
                options.RedisConnectionString = servers.Redis.DirectConnectionString;
                options.KeyPrefix = prefix;
                options.Protocol = stopping;
                options.CutScript = cutScript;

                // Time takes no part: nothing ends by itself while an actor stands, no one waits for a lease, nothing is refreshed.
                options.RedisTimeout = TimeSpan.FromMinutes(1);
                options.FenceTtl = TimeSpan.FromMinutes(30);
                options.LeaseDuration = TimeSpan.FromMinutes(20);
                options.LeaseWait = TimeSpan.Zero;
                options.Defaults = new EntryOptions { TimeToLive = TimeSpan.FromHours(1), Beta = 0 };
            },
            (services, _) => services
                .AddSingleton<TimeProvider>(clock)
                .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning)),
            besides: home);

        var first = await StartHostAsync();
        var second = await StartHostAsync();
        var rig = new Rig(
            first, second, (await servers.Redis.ConnectDirectlyAsync()).GetDatabase(), clock, Interlocked.Increment(ref _rigs));
        await home.ExecuteAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"insert into explored select id, 0 from generate_series({rig.FirstRow}, {rig.FirstRow + Rows - 1}) id"));
        return rig;
    }

    /// <summary>Lets the order before be over: no generation was left a moment ago, which would cost invalidations a step more for as long
    /// as others may read there, and both instances have just asked which one is in force.</summary>
    public async Task SettleAsync()
    {
        var state = Layout.State(0);
        var earlier = (await Redis.HashKeysAsync(state)).Where(field => field.StartsWith("o")).ToArray();
        await Redis.HashDeleteAsync(state, earlier);
        Clock.Advance(GenerationRegister.ProofTime * 2);
        var generations = new RedisGenerations(new RedisClock(Clock), Clock);
        foreach (var host in (StoreHost[])[First, Second])
        {
            var proven = await generations.ProveAsync(host.Root.Redis!.Session!, 0, TestContext.Current.CancellationToken);
            Assert.True(proven.TryGetValue(out _));
        }
    }

    /// <summary>What the first instance would find in Redis now, when everything is done that the stores have sent there so far.</summary>
    public async Task<byte[]?> SettledEntryAsync(string key)
    {
        // The entry is asked for behind what the first instance has sent.
        await Second.Root.Redis!.Session!.Database.PingAsync();
        var session = First.Root.Redis!.Session!;
        var read = session.Generations.ProvenFor(0, out _) ?? await RecordedAsync(session);
        return await session.Database.StringGetAsync(read.Entry(0, key));
    }

    /// <summary>Where whoever has to ask first is sent.</summary>
    private static async Task<Generation> RecordedAsync(RedisSession session) =>
        session.Generations.Of((long)await session.Database.HashGetAsync(session.Layout.State(0), "g"));

    public async ValueTask DisposeAsync()
    {
        await Second.DisposeAsync();
        await First.DisposeAsync();
    }
}
