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
/// Waits until everything that had been committed when Redis came back is applied to its partitions, whoever wrote it: until their applied marks
/// cover PostgreSQL's snapshot of that moment. Where nobody applies the journal any more, the whole cache is emptied instead.
/// </summary>
/// <remarks>Marks are read on the masters. A reader that allows replicas may find an older entry on one of them for as long as it lags.</remarks>
/// <param name="connection">Redis.</param>
/// <param name="generations">Raises the generation.</param>
/// <param name="postgres">Tells the snapshot.</param>
/// <param name="patience">How long to wait without anything being applied.</param>
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

    /// <summary>Ends when all partitions may be read. Throws when it is cancelled, and what Redis's client throws.</summary>
    /// <param name="partitions">Those that came back.</param>
    /// <param name="isWanted">Whether somebody still waits for a partition.</param>
    /// <param name="onProven">Told of each that may be read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task WaitAsync(
        IReadOnlyList<int> partitions,
        Func<int, bool> isWanted,
        Action<int, RecoveryProof> onProven,
        CancellationToken cancellationToken)
    {
        var stamp = await SnapshotAsync(cancellationToken).ConfigureAwait(false);
        var waiting = partitions.ToDictionary(partition => partition, _ => new Progress());
        var (quietSince, pause, isTold) = (timeProvider.GetTimestamp(), FirstPause, false);
        while (true)
        {
            var session = connection.Session!;
            foreach (var (partition, progress) in waiting.ToArray())
            {
                if (!isWanted(partition))
                {
                    waiting.Remove(partition);
                }
                else if (await ProofOfAsync(session, partition, progress, stamp, cancellationToken).ConfigureAwait(false) is { } proof)
                {
                    waiting.Remove(partition);
                    onProven(partition, proof);
                }
            }

            if (waiting.Count == 0)
            {
                return;
            }

            if (waiting.Values.Any(progress => progress.HasMoved))
            {
                // Somebody is at it, and has much to do.
                quietSince = timeProvider.GetTimestamp();
            }

            if (timeProvider.GetElapsedTime(quietSince) >= patience)
            {
                if (!isTold)
                {
                    RecoveryLog.NobodyMarks(logger, patience);
                    isTold = true;
                }

                await generations.RaiseEachAsync(session, waiting.Keys.First()).ConfigureAwait(false);
                pause = FirstPause;
            }

            await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(false);
            pause = Longer(pause);
        }
    }

    private async Task<RecoveryProof?> ProofOfAsync(
        RedisSession session, int partition, Progress progress, LoadStamp stamp, CancellationToken cancellationToken)
    {
        if (partition >= session.Layout.Partitions.Count)
        {
            // Redis lays its keys out anew: nothing is read there any more.
            return RecoveryProof.Raised;
        }

        var asked = await generations.AskAsync(session, partition).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!asked.TryGetValue(out var generation))
        {
            return null;
        }

        if (generation.Number > (progress.FirstGeneration ??= generation.Number))
        {
            return RecoveryProof.Raised;
        }

        var read = await session.Breakers[partition].ExecuteAsync(
            static call => LookAsync(call.session, call.partition), (session, partition), cancellationToken).ConfigureAwait(false);
        if (!read.TryGetValue(out var found))
        {
            return null;
        }

        progress.Note(found.Applied);
        ReadOnlyMemory<byte> bytes = found.Mark;
        return AppliedMark.TryParse(bytes.Span, out var mark)
            && mark.Generation == generation.Number
            && mark.BootMark == stamp.BootMark
            && mark.Covers(stamp.Known!)
            ? RecoveryProof.Covered
            : null;
    }

    /// <summary>A partition's mark, and what its leader counts there (claim.lua).</summary>
    private static async Task<(RedisValue Mark, RedisValue[] Applied)> LookAsync(RedisSession session, int partition)
    {
        var mark = session.Database.StringGetAsync(session.Layout.Mark(partition), CommandFlags.DemandMaster);
        var applied = session.Database.HashGetAsync(session.Layout.State(partition), ["l", "c"], CommandFlags.DemandMaster);
        return (await mark.ConfigureAwait(false), await applied.ConfigureAwait(false));
    }

    /// <summary>What PostgreSQL has committed by now. It may be away as well; then nobody reads anything until it is back.</summary>
    private async Task<LoadStamp> SnapshotAsync(CancellationToken cancellationToken)
    {
        var (pause, isTold) = (FirstPause, false);
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
                if (!isTold)
                {
                    RecoveryLog.PostgresNotReached(logger, FailureLog.KindOf(error));
                    isTold = true;
                }

                FailureLog.InFull(logger, error);
            }

            await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(false);
            pause = Longer(pause);
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    /// <summary>How a partition that is waited for gets on.</summary>
    private sealed class Progress
    {
        private RedisValue[] _applied = [];
        private bool _hasMoved;

        /// <summary>The generation as it was when Redis was back.</summary>
        public long? FirstGeneration { get; set; }

        /// <summary>Whether something was applied since it was asked last.</summary>
        public bool HasMoved
        {
            get
            {
                var hasMoved = _hasMoved;
                _hasMoved = false;
                return hasMoved;
            }
        }

        public void Note(RedisValue[] applied)
        {
            _hasMoved |= _applied.Length > 0 && !_applied.SequenceEqual(applied);
            _applied = applied;
        }
    }
}
