using HybridStore.Servers.Hosting;

namespace HybridStore.Servers;

/// <summary>
/// A PostgreSQL and a Redis server for tests, samples and benchmarks: those named by HYBRIDSTORE_TEST_POSTGRES and
/// HYBRIDSTORE_TEST_REDIS, containers where a Docker engine answers, or processes from the binaries on this machine.
/// HYBRIDSTORE_TEST_SERVERS=environment|containers|local forces one of them.
/// </summary>
public sealed class TestServers : IAsyncDisposable
{
    private TestServers(PostgresServer postgres, RedisServer redis, ServerSource source)
    {
        Postgres = postgres;
        Redis = redis;
        Source = source;
    }

    /// <summary>The PostgreSQL server.</summary>
    public PostgresServer Postgres { get; }

    /// <summary>The Redis server.</summary>
    public RedisServer Redis { get; }

    /// <summary>Where they come from.</summary>
    public ServerSource Source { get; }

    /// <summary>Starts both servers side by side; ends when both serve.</summary>
    /// <exception cref="ServersUnavailableException">No servers could be had; the message says what to do.</exception>
    public static Task<TestServers> StartAsync(TestServersOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(options ?? new TestServersOptions(), Machine.Current, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(Postgres.DisposeAsync().AsTask(), Redis.DisposeAsync().AsTask());

    internal static async Task<TestServers> StartAsync(
        TestServersOptions options, Machine machine, CancellationToken cancellationToken)
    {
        var (source, postgres, redis) = await ServerChoice.MakeAsync(options, machine, cancellationToken);
        var servers = new TestServers(postgres, redis, source);
        try
        {
            await Task.WhenAll(postgres.StartAsync(cancellationToken), redis.StartAsync(cancellationToken));
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }
}
