using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>Waits until what this process has appended has reached PostgreSQL. Safe to use from any thread.</summary>
internal sealed class BufferFlush(
    PartitionStream[] streams,
    AcknowledgedCalls[] calls,
    Guid producer,
    BufferTables tables,
    Func<NpgsqlDataSource> dataSource,
    BufferSignals signals,
    string buffer,
    TimeProvider timeProvider)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="BufferRowsLostException">Redis has lost some of it; told once.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var upTo = Array.ConvertAll(calls, of => of.LastTaken);
        var pause = FirstPause;
        while (true)
        {
            signals.WakeAll();

            // In this order: what Redis has no more is in PostgreSQL, or lost.
            var missing = await MissingAsync(upTo, cancellationToken).ConfigureAwait(false);
            if (await TryReadAsync(cancellationToken).ConfigureAwait(false) is { } written && IsSettled(upTo, missing, written))
            {
                return;
            }

            await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private bool IsSettled(long[] upTo, bool[] missing, Dictionary<int, long> written)
    {
        // Of all partitions before anything is thrown: what each has lost is told with this.
        var fates = calls.Select((of, partition) => of.Judge(upTo[partition], written.GetValueOrDefault(partition), missing[partition])).ToArray();
        if (fates.Contains(CallFate.Lost))
        {
            throw new BufferRowsLostException(buffer);
        }

        for (var partition = 0; partition < fates.Length; partition++)
        {
            if (fates[partition] == CallFate.Settled)
            {
                calls[partition].Tell(upTo[partition]);
            }
        }

        return !fates.Contains(CallFate.Waits);
    }

    /// <summary>Of which partitions Redis does not know the last call any more.</summary>
    private async Task<bool[]> MissingAsync(long[] upTo, CancellationToken cancellationToken)
    {
        var missing = new bool[upTo.Length];
        for (var partition = 0; partition < upTo.Length; partition++)
        {
            missing[partition] = upTo[partition] > 0
                && (await streams[partition].LastTakenAsync(producer, cancellationToken).ConfigureAwait(false)).TryGetValue(out var taken)
                && taken < upTo[partition];
        }

        return missing;
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
