using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>Forgets processes that are long gone, about once a day, in whichever process writes the first partition.</summary>
internal sealed class BufferPurge(
    PartitionClaims claims, BufferTables tables, Func<NpgsqlDataSource> dataSource, string buffer, ILogger logger, TimeProvider timeProvider)
{
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMinutes(5);

    /// <summary>Works until it is cancelled. Does not throw.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var pause = claims.Owns(0) ? await PurgeAsync(cancellationToken).ConfigureAwait(false) : LookInterval;
            await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>When to look again.</returns>
    private async Task<TimeSpan> PurgeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await tables.PurgeAsync(dataSource(), cancellationToken).ConfigureAwait(false);
            return Interval;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return LookInterval;
        }
        catch (Exception error)
        {
            BufferLog.NotPurged(logger, buffer, error);
            return PauseAfterFailure;
        }
    }
}
