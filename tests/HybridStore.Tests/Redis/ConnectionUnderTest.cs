using HybridStore.Recovering;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using StackExchange.Redis;

namespace HybridStore.Tests.Redis;

/// <summary>A connection over a client that the test makes, on a clock of its own.</summary>
internal sealed class ConnectionUnderTest
{
    public ConnectionUnderTest(
        Func<CancellationToken, Task<IConnectionMultiplexer>> connect, bool owned = false, HybridStoreOptions? options = null)
    {
        Options = options ?? new HybridStoreOptions { RedisTimeout = TimeSpan.FromMinutes(1) };
        RedisClock = new RedisClock(Clock);
        Connection = new RedisConnection(
            connect, owned, new RedisHandshake(Options, RedisClock, Clock, (_, _) => { }, Logger), Clock, Logger);
        var generations = new RedisGenerations(RedisClock, Clock);
        Gateway = new RedisGateway(Connection, generations, new RecoveryGate(), RedisClock, Clock);
        Invalidations = new RedisInvalidations(Connection, generations, RedisClock, Clock);
    }

    public HybridStoreOptions Options { get; }

    public TimerWatch Clock { get; } = new();

    public RecordingLogger Logger { get; } = new();

    public RedisClock RedisClock { get; }

    public RedisConnection Connection { get; }

    public RedisGateway Gateway { get; }

    public RedisInvalidations Invalidations { get; }

    /// <summary>A connection over a client that is there.</summary>
    public static async Task<ConnectionUnderTest> StartAsync(ScriptedRedis redis, bool owned = false)
    {
        var made = new ConnectionUnderTest(_ => Task.FromResult(redis.Multiplexer), owned);
        made.Connection.Start();
        await made.Connection.Ready.WaitAsync(TestContext.Current.CancellationToken);
        return made;
    }
}
