using System.Globalization;
using Npgsql;

namespace HybridStore.Servers.Local;

/// <summary>PgBouncer from the binary on this machine, in front of every database of one PostgreSQL server, in transaction mode.</summary>
internal sealed class LocalPgBouncer(string binary, NpgsqlConnectionStringBuilder upstream) : LocalHost("pgbouncer", endSignal: "QUIT")
{
    private readonly string[] _asServerUser = ServerUser.Prefix;

    /// <summary>At once: clients are cut off.</summary>
    protected override int StopSignal => PosixSignals.Terminate;

    protected override async Task PrepareAsync(ServerFolder folder, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Users(folder), $"\"{upstream.Username}\" \"{upstream.Password}\"\n", cancellationToken);
        if (_asServerUser.Length > 0)
        {
            await RunAsync(["chown", "-R", ServerUser.Name, folder.FullName], cancellationToken);
        }
    }

    protected override IEnumerable<string> Command(ServerFolder folder, int port)
    {
        File.WriteAllText(Settings(folder), SettingsFor(folder, port));
        return [.. _asServerUser, binary, Settings(folder)];
    }

    private static string Users(ServerFolder folder) => Path.Combine(folder.FullName, "users.txt");

    private static string Settings(ServerFolder folder) => Path.Combine(folder.FullName, "pgbouncer.ini");

    // Each test has a database of its own, so that idle connections to PostgreSQL are given up soon. Two databases of one test seldom
    // have the same server connection twice in a row: round robin shows what relies on it.
    private string SettingsFor(ServerFolder folder, int port) => string.Create(CultureInfo.InvariantCulture, $"""
        [databases]
        * = host={upstream.Host} port={upstream.Port}

        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = trust
        auth_file = {Users(folder)}
        pool_mode = transaction
        server_round_robin = 1
        default_pool_size = 10
        max_client_conn = 1000
        server_idle_timeout = 2
        ignore_startup_parameters = extra_float_digits,options
        """) + "\n";
}
