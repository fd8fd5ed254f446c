using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Servers for the tests that stop, fill, freeze or count them: one test after the other.</summary>
[CollectionDefinition(nameof(DisturbedServers))]
public sealed class DisturbedServers : IAsyncLifetime, ICollectionFixture<DisturbedServers>
{
    private TestServers? _servers;

    public TestServers Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

    public PostgresServer Postgres => Servers.Postgres;

    public RedisServer Redis => Servers.Redis;

    public async ValueTask InitializeAsync() => _servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true });

    /// <summary>Undoes whatever the test before has done: Redis is new and empty, both serve.</summary>
    public async ValueTask RepairAsync()
    {
        Redis.Proxy.Restore();
        Postgres.Proxy.Restore();
        await Redis.RestartAsync();
        await Postgres.StartAsync();
    }

    /// <summary>How often a command was called on Redis so far, by whomever.</summary>
    public async Task<long> CallsOfAsync(string command)
    {
        var statistics = (string?)await Redis.RunAsync("INFO", "commandstats") ?? string.Empty;
        var line = statistics.Split('\n').FirstOrDefault(
            line => line.StartsWith($"cmdstat_{command}:calls=", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split('=', ',')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }
}
