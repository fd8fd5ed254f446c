using HybridStore.Postgres;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether PostgreSQL answers, on a connection such as loads and writes use.</summary>
internal sealed class PostgresProbe(PostgresGateway postgres, TimeProvider timeProvider) : IHealthProbe
{
    public async Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken)
    {
        var began = timeProvider.GetTimestamp();
        var command = postgres.DataSource.CreateCommand("SELECT 1");
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        }

        return ProbeAnswer.Well(
            ("postgres", "up"), ("postgres.latency_ms", Math.Round(timeProvider.GetElapsedTime(began).TotalMilliseconds, 3)));
    }

    public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Down(
        $"PostgreSQL does not answer ({failure}), so loads and writes fail and only hits are served: look at the server, "
        + "its connection limit, the size of the connection pool and the network.",
        ("postgres", "down"));
}
