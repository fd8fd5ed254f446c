using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>Waits until what this process has appended has reached PostgreSQL. Safe to use from any thread.</summary>
internal sealed class BufferFlush(
    PartitionStream[] streams,
    AppendPump[] pumps,
    Guid producer,
    BufferTables tables,
    Func<NpgsqlDataSource> dataSource,
    BufferSignals signals,
    string buffer,
    TimeProvider timeProvider)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="BufferRowsLostException">Redis has lost some of it.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var upTo = Array.ConvertAll(pumps, pump => pump.LastTaken);
        var pause = FirstPause;
        while (true)
        {
            signals.WakeAll();

            // In this order: what Redis has no more is in PostgreSQL, or lost.
            var isLost = await IsLostAsync(upTo, cancellationToken).ConfigureAwait(false);
            if (await TryReadAsync(cancellationToken).ConfigureAwait(false) is { } written)
            {
                if (IsWritten(upTo, written))
                {
                    return;
                }

                if (isLost)
                {
                    throw new BufferRowsLostException(buffer);
                }
            }

            await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static bool IsWritten(long[] upTo, Dictionary<int, long> written)
    {
        for (var partition = 0; partition < upTo.Length; partition++)
        {
            if (written.GetValueOrDefault(partition) < upTo[partition])
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> IsLostAsync(long[] upTo, CancellationToken cancellationToken)
    {
        for (var partition = 0; partition < upTo.Length; partition++)
        {
            if (upTo[partition] > 0
                && (await streams[partition].LastTakenAsync(producer, cancellationToken).ConfigureAwait(false)).TryGetValue(out var taken)
                && taken < upTo[partition])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Null while PostgreSQL is away.</summary>
    private async Task<Dictionary<int, long>?> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await tables.WrittenOfAsync(dataSource(), producer, cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException error) when (error.IsTransient || error.SqlState == PostgresErrorCodes.AdminShutdown)
        {
            return null;
        }
    }
}
