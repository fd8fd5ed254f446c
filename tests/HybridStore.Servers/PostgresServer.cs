using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HybridStore.Servers.Hosting;
using Npgsql;

namespace HybridStore.Servers;

/// <summary>A PostgreSQL server for tests.</summary>
public sealed class PostgresServer : TestServer
{
    private readonly string _template;
    private readonly List<string> _databases = [];

    internal PostgresServer(IServerHost host, ServerSource source, string connectionString)
        : base(host, source) => _template = connectionString;

    /// <inheritdoc/>
    public override string ConnectionString => At(_template, Proxy.Endpoint);

    /// <inheritdoc/>
    public override string DirectConnectionString => At(_template, DirectEndpoint);

    private protected override string Name => "PostgreSQL";

    /// <summary>The same database as in a connection string through the proxy, past the proxy.</summary>
    public string PastProxy(string connectionString) => At(connectionString, DirectEndpoint);

    /// <summary>
    /// Creates an empty database with a name of its own, so that tests do not disturb one another, and returns its
    /// connection string (through the proxy).
    /// </summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"hybridstore_{Guid.NewGuid():N}");
        await ExecuteAsync($"create database {name} template template0", cancellationToken);
        lock (_databases)
        {
            _databases.Add(name);
        }

        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Runs SQL past the proxy in the server's default database.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(Unpooled(DirectConnectionString));
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Tests run what they wrote themselves.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private protected override async Task<Exception?> ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync("select 1", cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException or IOException)
        {
            return exception;
        }
    }

    private protected override async ValueTask OnDisposingAsync()
    {
        // Our own servers vanish with their data; somebody else's is left as it was.
        if (Source != ServerSource.Environment)
        {
            return;
        }

        foreach (var name in _databases)
        {
            await ExecuteAsync($"drop database if exists {name} with (force)");
        }
    }

    private static string Unpooled(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;

    private static string At(string connectionString, EndPoint endpoint)
    {
        var (host, port) = endpoint switch
        {
            IPEndPoint address => (address.Address.ToString(), address.Port),
            DnsEndPoint name => (name.Host, name.Port),
            _ => throw new InvalidOperationException($"{endpoint} is not a TCP address."),
        };
        return new NpgsqlConnectionStringBuilder(connectionString) { Host = host, Port = port }.ConnectionString;
    }
}
