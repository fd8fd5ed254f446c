using HybridStore.Realtime.Diagnostics;
using Npgsql;

namespace HybridStore.Realtime.Registration;

/// <summary>Sees to the tables of the durable services: installs them, or looks whether they are there. Where PostgreSQL is away at the start it
/// goes on behind it until it is back.</summary>
internal sealed class TablePreparation(RealtimeRoot root)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <returns>False if PostgreSQL is away.</returns>
    /// <exception cref="InvalidOperationException">The tables are missing, or of another version.</exception>
    /// <exception cref="PostgresException">They cannot be installed, for example for want of rights.</exception>
    public async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (root.Options.InstallAtStart)
            {
                await root.Schema.InstallAsync(cancellationToken).ConfigureAwait(false);
                RealtimeLog.Installed(root.Logger, root.Options.Schema);
            }

            return await root.Schema.IsInstalledAsync(cancellationToken).ConfigureAwait(false)
                ? true
                : throw new InvalidOperationException(
                    $"The tables of HybridStore.Realtime are not in the schema {root.Options.Schema}, or of another version: run "
                    + "RealtimeSchema.GetInstallScript of this release as a user who may create them, or set InstallAtStart in ConfigureRealtime.");
        }
        catch (Exception error) when (IsAway(error))
        {
            return false;
        }
    }

    /// <summary>Tries until it has succeeded or cannot. Throws nothing but that it was cancelled.</summary>
    public async Task GoOnAsync(CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            await Task.Delay(pause, root.TimeProvider, cancellationToken).ConfigureAwait(false);
            try
            {
                if (await TryAsync(cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }
            catch (Exception error) when (error is InvalidOperationException or NpgsqlException)
            {
                // The application runs already: it is told, and the services that need the tables fail until somebody acts.
                RealtimeLog.NotInstalled(root.Logger, error);
                return;
            }
        }
    }

    private static bool IsAway(Exception error) => error switch
    {
        PostgresException answer => answer.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown,
        NpgsqlException or TimeoutException => true,
        _ => false,
    };
}
