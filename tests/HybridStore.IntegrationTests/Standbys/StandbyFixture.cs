using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Standbys;

/// <summary>A primary with a standby, and the Redis that all tests share.</summary>
public sealed class StandbyFixture(ServersFixture servers) : IAsyncLifetime, IStoreServers
{
    private PostgresPair? _pair;

    public PostgresPair Pair => _pair ?? throw new InvalidOperationException("The servers have not been started.");

    public string RedisConnectionString => ((IStoreServers)servers).RedisConnectionString;

    public async ValueTask InitializeAsync() => _pair = await PostgresPair.StartAsync(TestContext.Current.CancellationToken);

    public Task<string> CreateDatabaseAsync(CancellationToken cancellationToken) => Pair.Primary.CreateDatabaseAsync(cancellationToken);

    public Task<IDatabase> ConnectToRedisAsync() => ((IStoreServers)servers).ConnectToRedisAsync();

    public Task<RedisResult> RunInRedisAsync(params string[] command) => ((IStoreServers)servers).RunInRedisAsync(command);

    /// <summary>Undoes what a test has left behind.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        Pair.Standby.Proxy.Restore();
        await Pair.Standby.StartAsync(cancellationToken);
        await Pair.ReleaseStandbyAsync(cancellationToken);
        await Pair.CatchUpAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_pair is not null)
        {
            await _pair.DisposeAsync();
        }
    }
}
