using HybridStore.Servers.Hosting;
using HybridStore.Servers.Local;
using Npgsql;

namespace HybridStore.Servers;

/// <summary>A primary, and a standby that follows it by streaming replication. Both are processes of this machine wherever other servers
/// are.</summary>
public sealed class PostgresPair : IAsyncDisposable
{
    private static readonly string[] Settings = ["fsync=off", "max_connections=200"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private PostgresPair(PostgresServer primary, PostgresServer standby) => (Primary, Standby) = (primary, standby);

    /// <summary>Where is written.</summary>
    public PostgresServer Primary { get; }

    /// <summary>What follows it.</summary>
    public PostgresServer Standby { get; }

    /// <summary>Starts both; ends when both serve.</summary>
    /// <exception cref="ServersUnavailableException">PostgreSQL is not installed; the message says what to do.</exception>
    public static async Task<PostgresPair> StartAsync(CancellationToken cancellationToken = default)
    {
        if (Machine.Current.FindPostgresBinaries() is not { } binaries || !OperatingSystem.IsLinux())
        {
            throw new ServersUnavailableException(
                "The server binaries of PostgreSQL are not installed, and the tests start a primary and a standby of their own. "
                + "Install them on Linux (as root): apt-get install -y postgresql");
        }

        var primary = Server(new LocalPostgres(binaries, Settings));
        try
        {
            await primary.StartAsync(cancellationToken);
            var standby = Server(new LocalStandby(binaries, Settings, new NpgsqlConnectionStringBuilder(primary.DirectConnectionString)));
            try
            {
                await standby.StartAsync(cancellationToken);
                return new PostgresPair(primary, standby);
            }
            catch
            {
                await standby.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await primary.DisposeAsync();
            throw;
        }
    }

    /// <summary>The database of a connection string to the primary, on the standby, through its proxy.</summary>
    public string OnStandby(string connectionString) => new NpgsqlConnectionStringBuilder(Standby.ConnectionString)
    {
        Database = new NpgsqlConnectionStringBuilder(connectionString).Database,
    }.ConnectionString;

    /// <summary>Ends when the standby shows everything that the primary has written by now.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken = default)
    {
        var written = await AskAsync<string>(Primary, "select pg_current_wal_insert_lsn()::text", cancellationToken);
        await UntilAsync(
            $"select pg_last_wal_replay_lsn() >= '{written}'::pg_lsn", "The standby does not catch up.", cancellationToken);
    }

    /// <summary>From here on the standby shows nothing new.</summary>
    public async Task HoldStandbyAsync(CancellationToken cancellationToken = default)
    {
        await Standby.ExecuteAsync("select pg_wal_replay_pause()", cancellationToken);
        await UntilAsync("select pg_get_wal_replay_pause_state() = 'paused'", "The standby does not hold.", cancellationToken);
    }

    /// <summary>Lets it go on.</summary>
    public Task ReleaseStandbyAsync(CancellationToken cancellationToken = default) =>
        Standby.ExecuteAsync("select pg_wal_replay_resume()", cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Standby.DisposeAsync();
        await Primary.DisposeAsync();
    }

    private static PostgresServer Server(LocalPostgres host) => new(host, ServerSource.Local, LocalPostgres.ConnectionString);

    private async Task UntilAsync(string question, string failure, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (!await AskAsync<bool>(Standby, question, limit.Token))
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"{failure}\n{await Standby.ReadLogTailAsync(cancellationToken)}");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static async Task<T> AskAsync<T>(PostgresServer server, string question, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(server.DirectConnectionString + ";Pooling=false");
        await using var command = source.CreateCommand(question);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
