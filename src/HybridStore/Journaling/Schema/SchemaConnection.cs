using HybridStore.Postgres;
using Npgsql;

namespace HybridStore.Journaling.Schema;

/// <summary>Connects for what concerns the schema: directly where a way past the pooler is known.</summary>
internal sealed class SchemaConnection(PostgresGateway postgres, string? directConnectionString)
{
    public async Task RunAsync(Func<NpgsqlConnection, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await work(connection, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (directConnectionString is null)
        {
            return await postgres.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }

        // Used once or twice in the life of a process, so there is nothing to keep open.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(directConnectionString) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
