using HybridStore.Servers;

namespace HybridStore.Consistency.Faults;

/// <summary>What happens to PostgreSQL, and to COMMITs on their way.</summary>
internal sealed class PostgresFaults(SoakServers servers)
{
    /// <summary>How COMMIT looks in the protocol: with the zero that ends it, for "read committed" has it too.</summary>
    public const string CommitRequest = "COMMIT\0";

    public Task TerminateBackendsAsync(CancellationToken cancellationToken) => servers.Postgres.ExecuteAsync(
        $"select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{SoakServers.Prefix}'", cancellationToken);

    public Task TerminateListenersAsync(CancellationToken cancellationToken) => servers.Postgres.ExecuteAsync(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'HybridStore listener'", cancellationToken);

    public async Task KillAsync(TimeSpan away, CancellationToken cancellationToken)
    {
        servers.DisconnectPostgres();
        await servers.Postgres.KillAsync(cancellationToken);
        await Task.Delay(away, cancellationToken);
        await servers.Postgres.StartAsync(cancellationToken);
        servers.Connect();
    }

    /// <summary>Waits until the next COMMIT of a worker has met its fate, but not for long.</summary>
    /// <returns>Whether it has.</returns>
    public static async Task<bool> CutCommitAsync(FaultProxy proxy, Func<FaultProxy, Task> cut, TimeSpan atMost)
    {
        try
        {
            await cut(proxy).WaitAsync(atMost);
            return true;
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException or IOException)
        {
            // Nobody has committed meanwhile, or the connection has gone before.
            proxy.Restore();
            return false;
        }
    }
}
