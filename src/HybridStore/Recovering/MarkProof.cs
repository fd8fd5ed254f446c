using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Postgres;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using Microsoft.Extensions.Logging;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Recovering;

/// <summary>
/// Waits until everything that had been committed when Redis came back is applied to a partition, whoever wrote it: until the applied mark
/// covers PostgreSQL's snapshot of that moment. Where nobody writes marks any more, the whole cache is emptied instead.
/// </summary>
/// <param name="connection">Redis.</param>
/// <param name="generations">Raises the generation.</param>
/// <param name="postgres">Tells the snapshot.</param>
/// <param name="patience">How long to wait for a mark.</param>
/// <param name="timeProvider">Measures.</param>
/// <param name="logger">Logs.</param>
internal sealed class MarkProof(
    RedisConnection connection,
    RedisGenerations generations,
    PostgresGateway postgres,
    TimeSpan patience,
    TimeProvider timeProvider,
    ILogger logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Ends when the partition may be read. Throws when it is cancelled, and what Redis's client throws.</summary>
    public async Task<RecoveryProof> WaitAsync(int partition, CancellationToken cancellationToken)
    {
        var stamp = await SnapshotAsync(cancellationToken).ConfigureAwait(false);
        var (startedAt, pause) = (timeProvider.GetTimestamp(), FirstPause);
        long? atFirst = null;
        while (true)
        {
            var session = connection.Session!;
            var asked = await generations.AskAsync(session, partition).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (asked.TryGetValue(out var generation))
            {
                atFirst ??= generation.Number;
                if (generation.Number > atFirst)
                {
                    return RecoveryProof.Raised;
                }

                if (await IsCoveredAsync(session, partition, generation, stamp, cancellationToken).ConfigureAwait(false))
                {
                    return RecoveryProof.Covered;
                }
            }

            if (timeProvider.GetElapsedTime(startedAt) >= patience)
            {
                RecoveryLog.NobodyMarks(logger, patience);
                if (await generations.RaiseAsync(session, floor: null, probing: false).ConfigureAwait(false))
                {
                    return RecoveryProof.Raised;
                }
            }

            await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(false);
            pause = Longer(pause);
        }
    }

    private static async Task<bool> IsCoveredAsync(
        RedisSession session, int partition, Generation generation, LoadStamp stamp, CancellationToken cancellationToken)
    {
        var read = await session.Breakers[partition].ExecuteAsync(
            static call => call.Database.StringGetAsync(call.Key, CommandFlags.DemandMaster),
            (session.Database, Key: session.Layout.Mark(partition)),
            cancellationToken).ConfigureAwait(false);
        if (!read.TryGetValue(out var value))
        {
            return false;
        }

        ReadOnlyMemory<byte> bytes = value;
        return AppliedMark.TryParse(bytes.Span, out var mark)
            && mark.Generation == generation.Number
            && mark.BootMark == stamp.BootMark
            && mark.Covers(stamp.Known!);
    }

    /// <summary>What PostgreSQL has committed by now. It may be away as well; then nobody reads anything until it is back.</summary>
    private async Task<LoadStamp> SnapshotAsync(CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        while (true)
        {
            try
            {
                var stamp = new LoadStamp(isWanted: true);
                var source = await postgres.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                await using (source.ConfigureAwait(false))
                {
                    await Statement.StampAsync(source, stamp, cancellationToken).ConfigureAwait(false);
                }

                return stamp;
            }
            catch (NpgsqlException error)
            {
                RecoveryLog.PostgresNotReached(logger, FailureLog.KindOf(error));
                FailureLog.InFull(logger, error);
            }

            await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(false);
            pause = Longer(pause);
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;
}
