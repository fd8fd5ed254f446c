using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Postgres;

/// <summary>The only place that opens connections to PostgreSQL.</summary>
internal sealed class PostgresGateway(NpgsqlDataSource? dataSource, bool ownsDataSource, ILogger logger) : IAsyncDisposable
{
    private static readonly Version OldestSupported = new(14, 0);

    /// <exception cref="InvalidOperationException">There is no database, but one that is simulated.</exception>
    public NpgsqlDataSource DataSource => dataSource ?? throw new InvalidOperationException(
        "The store of this test has no database, so there is no connection and no transaction: run statements through the context and "
        + "arrange their answers, or make the store with an NpgsqlDataSource.");

    /// <summary>What answers in place of a database; null in production.</summary>
    public ISimulatedDatabase? Simulated { get; init; }

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

    public ValueTask DisposeAsync() => ownsDataSource ? DataSource.DisposeAsync() : ValueTask.CompletedTask;
}
