using System.Net;
using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers;
using HybridStore.Servers;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Consistency.Faults;

/// <summary>The servers, a database with the soak's tables, and for every worker connections of its own that can be disturbed.</summary>
internal sealed class SoakServers : IAsyncDisposable
{
    private static readonly TimeSpan QuietPause = TimeSpan.FromMilliseconds(50);

    private readonly TestServers _servers;
    private readonly string _database;
    private readonly (FaultProxy Redis, FaultProxy Postgres)[] _links;

    private SoakServers(TestServers servers, string database, int slots)
    {
        _servers = servers;
        _database = database;
        _links = [.. Enumerable.Range(0, slots).Select(_ => (FaultProxy.Start(), FaultProxy.Start()))];
        Connect();
    }

    public RedisServer Redis => _servers.Redis;

    public PostgresServer Postgres => _servers.Postgres;

    /// <summary>What the workers' names in Redis begin with.</summary>
    public static string Prefix => "soak";

    public static async Task<SoakServers> StartAsync(KeyLayout layout, int slots, bool hasJournal, CancellationToken cancellationToken)
    {
        var servers = await TestServers.StartAsync(
            new TestServersOptions
            {
                Controllable = true,

                // Those of killed workers stay for a moment.
                PostgresSettings = new Dictionary<string, string> { ["max_connections"] = "400" },
            },
            cancellationToken);
        var soaked = new SoakServers(servers, await servers.Postgres.CreateDatabaseAsync(cancellationToken), slots);
        await using var connection = await soaked.OpenAsync(cancellationToken);
        await using var schema = new NpgsqlCommand(RowStatements.Schema, connection);
        await schema.ExecuteNonQueryAsync(cancellationToken);
        await using var fill = new NpgsqlCommand(RowStatements.Fill, connection);
        fill.Parameters.AddWithValue("rows", layout.Rows);
        fill.Parameters.AddWithValue("groups", layout.Groups);
        fill.Parameters.AddWithValue("watched", Enumerable.Range(0, layout.Rows).Where(layout.IsWatched).ToArray());
        await fill.ExecuteNonQueryAsync(cancellationToken);
        if (hasJournal)
        {
            await StoreSetup.InstallJournalAsync(soaked._database, servers.Redis.ConnectionString, Prefix, cancellationToken);
        }

        return soaked;
    }

    public FaultProxy RedisOf(int slot) => _links[slot - 1].Redis;

    public FaultProxy PostgresOf(int slot) => _links[slot - 1].Postgres;

    public string PostgresStringOf(int slot) => new NpgsqlConnectionStringBuilder(_database)
    {
        Host = IPAddress.Loopback.ToString(),
        Port = PostgresOf(slot).Port,
        Timeout = 10,
        CommandTimeout = 10,
        MaxPoolSize = 60,
        ApplicationName = Prefix,
    }.ConnectionString;

    public string RedisStringOf(int slot)
    {
        var options = ConfigurationOptions.Parse(Redis.ConnectionString);
        options.EndPoints.Clear();
        options.EndPoints.Add(RedisOf(slot).Endpoint);
        return options.ToString(includePassword: true);
    }

    /// <summary>Past all proxies and pools.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(Postgres.PastProxy(_database)) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    /// <summary>Waits until no session of a worker does anything any more: those of dead ones may wait for a lock before they commit.</summary>
    public async Task UntilQuietAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var busy = new NpgsqlCommand(RowStatements.Busy, connection);
        busy.Parameters.AddWithValue("name", Prefix);
        while ((long)(await busy.ExecuteScalarAsync(cancellationToken))! > 0)
        {
            await Task.Delay(QuietPause, cancellationToken);
        }
    }

    /// <summary>A server has come back, at another address perhaps.</summary>
    public void Connect()
    {
        foreach (var (redis, postgres) in _links)
        {
            redis.Upstream = ConfigurationOptions.Parse(Redis.DirectConnectionString).EndPoints[0];
            var direct = new NpgsqlConnectionStringBuilder(Postgres.DirectConnectionString);
            postgres.Upstream = new IPEndPoint(IPAddress.Parse(direct.Host!), direct.Port);
        }
    }

    /// <summary>A server is about to go: nobody is to reach another one at its address.</summary>
    public void DisconnectRedis() => Array.ForEach(_links, link => link.Redis.Upstream = null);

    /// <inheritdoc cref="DisconnectRedis"/>
    public void DisconnectPostgres() => Array.ForEach(_links, link => link.Postgres.Upstream = null);

    public async ValueTask DisposeAsync()
    {
        foreach (var (redis, postgres) in _links)
        {
            await redis.DisposeAsync();
            await postgres.DisposeAsync();
        }

        await _servers.DisposeAsync();
    }
}
