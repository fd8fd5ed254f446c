using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Journaling.Schema;

/// <summary>Sees to it that what is watched is watched before the application works.</summary>
internal sealed class SchemaStarter(
    HybridStoreSchema schema, SchemaInspector inspector, SchemaConnection connection, bool install, ILogger logger)
{
    /// <summary>Installs the schema, or looks whether it is there. PostgreSQL may be away: the application then starts all the same.</summary>
    /// <exception cref="InvalidOperationException">Something is missing or refused; the message says what, and how to get it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection opened;
        try
        {
            opened = await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException error)
        {
            SchemaLog.NotReachedAtStart(logger, error);
            return;
        }

        try
        {
            await using (opened.ConfigureAwait(false))
            {
                if (!install)
                {
                    foreach (var table in await inspector.CheckAsync(opened, cancellationToken).ConfigureAwait(false))
                    {
                        SchemaLog.DefinitionDiffers(logger, table.ToString());
                    }

                    return;
                }
            }

            await schema.InstallAsync(cancellationToken).ConfigureAwait(false);
            SchemaLog.Installed(logger);
        }
        catch (NpgsqlException error) when (IsLost(error))
        {
            SchemaLog.NotReachedAtStart(logger, error);
        }
    }

    /// <summary>Whether it has gone away in between, as opposed to what it refuses.</summary>
    private static bool IsLost(NpgsqlException error) => error is not PostgresException refusal
        || refusal.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow;
}
