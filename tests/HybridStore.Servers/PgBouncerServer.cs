using System.Net;
using System.Net.Sockets;
using HybridStore.Servers.Hosting;
using HybridStore.Servers.Local;
using Npgsql;

namespace HybridStore.Servers;

/// <summary>PgBouncer in transaction mode in front of a <see cref="PostgresServer"/>: a client's next transaction runs on another
/// connection to PostgreSQL than its last one. It is a process of this machine wherever PostgreSQL is.</summary>
public sealed class PgBouncerServer : TestServer
{
    private readonly string _template;

    private PgBouncerServer(IServerHost host, string template)
        : base(host, ServerSource.Local) => _template = template;

    /// <inheritdoc/>
    public override string ConnectionString => At(_template, Proxy.Endpoint);

    /// <inheritdoc/>
    public override string DirectConnectionString => At(_template, DirectEndpoint);

    private protected override string Name => "PgBouncer";

    /// <summary>Starts it; ends when it serves.</summary>
    /// <param name="postgres">The server behind it, which it reaches past that server's proxy.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ServersUnavailableException">It is not installed; the message says what to do.</exception>
    public static Task<PgBouncerServer> StartAsync(PostgresServer postgres, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(postgres);
        return StartAsync(postgres, Machine.Current, cancellationToken);
    }

    /// <summary>The same database as in a connection string to PostgreSQL, through PgBouncer and its proxy.</summary>
    public string To(string connectionString) => At(connectionString, Proxy.Endpoint);

    internal static async Task<PgBouncerServer> StartAsync(PostgresServer postgres, Machine machine, CancellationToken cancellationToken)
    {
        var binary = machine.FindProgram("pgbouncer");
        if (binary is null || !OperatingSystem.IsLinux())
        {
            throw new ServersUnavailableException(
                "pgbouncer is not installed. Install it on Linux (as root): apt-get install -y pgbouncer");
        }

        var server = new PgBouncerServer(
            new LocalPgBouncer(binary, new NpgsqlConnectionStringBuilder(postgres.DirectConnectionString)), postgres.DirectConnectionString);
        try
        {
            await ((TestServer)server).StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private protected override async Task<Exception?> ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(DirectConnectionString) { Pooling = false }.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException or IOException)
        {
            return exception;
        }
    }

    private static string At(string connectionString, EndPoint endpoint)
    {
        var address = (IPEndPoint)endpoint;
        return new NpgsqlConnectionStringBuilder(connectionString) { Host = address.Address.ToString(), Port = address.Port }.ConnectionString;
    }
}
