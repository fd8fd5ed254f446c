using System.Diagnostics;
using HybridStore.Servers;
using Npgsql;

namespace Storefront.Demo;

/// <summary>Stands in for the servers that an application has: real ones, started for this run, with a seeded database.</summary>
internal sealed class DemoServers : IAsyncDisposable
{
    private readonly TestServers _servers;

    private DemoServers(TestServers servers, string database, TimeSpan startTime)
    {
        _servers = servers;
        PostgresConnectionString = database;
        StartTime = startTime;
    }

    public string PostgresConnectionString { get; }

    public string RedisConnectionString => _servers.Redis.ConnectionString;

    /// <summary>Of its own for each run: a Redis from the environment may still hold the last one's entries.</summary>
    public string KeyPrefix { get; } = RedisServer.NewKeyPrefix().TrimEnd(':');

    public TimeSpan StartTime { get; }

    /// <summary>Whether they were started here, so that they can be stopped.</summary>
    public bool IsOurs => _servers.Source != ServerSource.Environment;

    /// <summary>Where the servers come from, in words.</summary>
    public string Source => _servers.Source switch
    {
        ServerSource.Environment => "are those of the environment",
        ServerSource.Containers => "run in containers",
        _ => "run as local processes",
    };

    public static async Task<DemoServers> StartAsync()
    {
        var startedAt = Stopwatch.GetTimestamp();
        var servers = await TestServers.StartAsync();
        try
        {
            var database = await servers.Postgres.CreateDatabaseAsync();
            await SeedAsync(servers.Postgres.PastProxy(database));
            return new DemoServers(servers, database, Stopwatch.GetElapsedTime(startedAt));
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>SQL by somebody who does not know of the shop's cache.</summary>
    public async Task RunPastTheShopAsync(string sql, CancellationToken cancellationToken)
    {
        await using var dataSource = NpgsqlDataSource.Create(PostgresConnectionString);
        await using var command = dataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Redis is gone. A server that is not ours is not stopped: it is cut off.</summary>
    public Task StopRedisAsync()
    {
        if (!IsOurs)
        {
            _servers.Redis.Proxy.Cut();
            return Task.CompletedTask;
        }

        return _servers.Redis.StopAsync();
    }

    public Task StartRedisAsync(CancellationToken cancellationToken)
    {
        _servers.Redis.Proxy.Restore();
        return _servers.Redis.StartAsync(cancellationToken);
    }

    /// <summary>Redis is there and answers nobody.</summary>
    public Task FreezeRedisAsync()
    {
        if (!IsOurs)
        {
            _servers.Redis.Proxy.Stall();
            return Task.CompletedTask;
        }

        return _servers.Redis.PauseAsync();
    }

    public Task ThawRedisAsync()
    {
        if (!IsOurs)
        {
            _servers.Redis.Proxy.Restore();
            return Task.CompletedTask;
        }

        return _servers.Redis.ResumeAsync();
    }

    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    private static async Task SeedAsync(string connectionString)
    {
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        foreach (var script in (string[])["schema.sql", "seed.sql"])
        {
            await using var text = typeof(DemoServers).Assembly.GetManifestResourceStream(script)
                ?? throw new InvalidOperationException($"{script} is not embedded in the assembly.");
            using var reader = new StreamReader(text);
            await using var command = dataSource.CreateCommand(await reader.ReadToEndAsync());
            await command.ExecuteNonQueryAsync();
        }
    }
}
