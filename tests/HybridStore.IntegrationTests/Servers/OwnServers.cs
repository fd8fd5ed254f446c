using HybridStore.Servers;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Servers;

/// <summary>Servers of one test class's own, to stop and to kill, and quick ways to ask them something.</summary>
public sealed class OwnServers : IAsyncLifetime
{
    private TestServers? _servers;

    public PostgresServer Postgres => Started.Postgres;

    public RedisServer Redis => Started.Redis;

    private TestServers Started => _servers ?? throw new InvalidOperationException("The servers have not been started.");

    public static async Task<object?> QueryAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    public static async Task<ConnectionMultiplexer> ConnectAsync(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.ConnectRetry = 0;
        options.ConnectTimeout = 2000;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>Asks until something that must come has come.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask InitializeAsync() => _servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true });

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }
}
