using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Postgres;

/// <summary>The only place that opens connections to PostgreSQL.</summary>
/// <param name="dataSource">The primary; null where a database is simulated.</param>
/// <param name="ownsDataSource">Whether the store disposes it.</param>
/// <param name="logger">Logs.</param>
/// <param name="standby">A standby for loads; null: none.</param>
/// <param name="ownsStandby">Whether the store disposes it.</param>
internal sealed class PostgresGateway(
    NpgsqlDataSource? dataSource, bool ownsDataSource, ILogger logger, NpgsqlDataSource? standby = null, bool ownsStandby = false)
    : IAsyncDisposable
{
    private static readonly Version OldestSupported = new(14, 0);

    /// <summary>The primary.</summary>
    /// <exception cref="InvalidOperationException">There is no database, but one that is simulated.</exception>
    public NpgsqlDataSource DataSource => dataSource ?? throw new InvalidOperationException(
        "The store of this test has no database, so there is no connection and no transaction: run statements through the context and "
        + "arrange their answers, or make the store with an NpgsqlDataSource.");

    /// <summary>How many connections the primary's pool may open.</summary>
    public int PoolSize { get; } = new NpgsqlConnectionStringBuilder(dataSource?.ConnectionString).MaxPoolSize;

    /// <summary>What answers in place of a database; null in production.</summary>
    public ISimulatedDatabase? Simulated { get; init; }

    /// <summary>Makes the scopes of loads that ask for services; null where there is no container.</summary>
    public IServiceScopeFactory? Scopes { get; init; }

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
