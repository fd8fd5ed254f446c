using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Postgres;

/// <summary>The only place that opens connections to PostgreSQL.</summary>
/// <param name="dataSource">The primary.</param>
/// <param name="ownsDataSource">Whether the store disposes it.</param>
/// <param name="logger">Logs.</param>
/// <param name="standby">A standby for loads; null: none.</param>
/// <param name="ownsStandby">Whether the store disposes it.</param>
internal sealed class PostgresGateway(
    NpgsqlDataSource dataSource, bool ownsDataSource, ILogger logger, NpgsqlDataSource? standby = null, bool ownsStandby = false)
    : IAsyncDisposable
{
    private static readonly Version OldestSupported = new(14, 0);

    /// <summary>The primary.</summary>
    public NpgsqlDataSource DataSource { get; } = dataSource;

    /// <summary>Where loads may read that are judged by their snapshot. Null: on the primary only.</summary>
    public NpgsqlDataSource? Standby { get; } = standby;

    /// <summary>Looks at the server's version at start. PostgreSQL may be away: the application then starts all the same.</summary>
    /// <exception cref="NotSupportedException">The server is older than PostgreSQL 14.</exception>
    public async Task CheckVersionAsync(CancellationToken cancellationToken)
    {
        Version version;
        try
        {
            var connection = await DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                version = connection.PostgreSqlVersion;
            }
        }
        catch (NpgsqlException error)
        {
            PostgresLog.NotReachedAtStart(logger, error);
            return;
        }

        if (version < OldestSupported)
        {
            throw new NotSupportedException($"PostgreSQL {version} is too old: HybridStore needs PostgreSQL 14 or later.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (ownsStandby && Standby is not null)
        {
            await Standby.DisposeAsync().ConfigureAwait(false);
        }

        if (ownsDataSource)
        {
            await DataSource.DisposeAsync().ConfigureAwait(false);
        }
    }
}
