using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using Microsoft.Extensions.Logging;

namespace HybridStore.Journaling.Listening;

/// <summary>Applies the journal to Redis, under one leadership: each partition goes on from its own mark, so that one that is out of reach
/// holds up no other. Repeating what was applied is harmless.</summary>
internal sealed class JournalApplier(
    RedisSession session,
    RedisInvalidations invalidations,
    RedisMarks marks,
    RedisGenerations generations,
    JournalMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger,
    ProtocolUnderTest? test)
{
    // Redis is never held for more than a millisecond or two by one of them.
    private const int NamesPerCall = 128;

    // Of one partition; the client's pipe is not filled with more than Redis works off in a few milliseconds.
    private const int CallsAtOnce = 8;

    private readonly PartitionProgress[] _partitions =
        [.. Enumerable.Range(0, session.Layout.Partitions.Count).Select(partition => new PartitionProgress(partition))];

    private long _previousLook;
    private int _bells;
    private bool _servesAgain;

    /// <summary>Whether Redis lays its keys out as it did when this began.</summary>
    public bool Fits(RedisSession? other) => other is not null && ReferenceEquals(other.Layout, session.Layout);

    /// <summary>Whether any partition could be reached when it was last tried.</summary>
    public bool HasReached => Array.Exists(_partitions, partition => partition.Leader is not null);

    /// <summary>Below this id every transaction has ended and is applied everywhere; null where that is not known.</summary>
    public ulong? AppliedBelow => Array.TrueForAll(_partitions, partition => partition.Mark is not null)
        ? _partitions.Min(partition => partition.Mark!.Snapshot.Xmin)
        : null;

    /// <summary>How old the oldest mark is, as of the last look.</summary>
    public TimeSpan? AgeOfMarks => Array.TrueForAll(_partitions, partition => partition.Mark is not null)
        ? TimeSpan.FromMicroseconds(_previousLook - _partitions.Min(partition => partition.Mark!.PostgresTime))
        : null;

    /// <summary>Looks into the journal once and applies what is new.</summary>
    /// <param name="connection">Where to look.</param>
    /// <param name="bells">How often it was rung for that.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<JournalLook> RunAsync(JournalConnection connection, int bells, CancellationToken cancellationToken)
    {
        _bells = bells;
        await ClaimAsync().ConfigureAwait(false);
        var look = default(JournalLook);
        var groups = _partitions.Where(partition => partition.Leader is not null).GroupBy(partition => (partition.Applied, partition.BootMark));
        foreach (var group in groups.ToArray())
        {
            look = look.With(await RunAsync(connection, [.. group], group.Key.Applied, cancellationToken).ConfigureAwait(false));
        }

        if (look.Snapshot is null)
        {
            // A session that says nothing for long is thrown out.
            await foreach (var (reading, _) in connection.ReadAsync(since: null, cancellationToken).ConfigureAwait(false))
            {
                look = new JournalLook(0, reading.Snapshot);
            }
        }

        return look;
    }

    /// <summary>Writes the marks of what was applied.</summary>
    /// <returns>False if a partition has to be claimed anew.</returns>
    public async Task<bool> MarkAsync()
    {
        if (session.Generations.Current is not { } generation)
        {
            return true;
        }

        await test.PassAsync(ProtocolStep.Mark).ConfigureAwait(false);
        var marked = await Task.WhenAll(
            _partitions.Where(partition => partition.IsMarkDue(generation.Number)).Select(partition => MarkAsync(partition, generation)))
            .ConfigureAwait(false);
        return !marked.Contains(false);
    }

    /// <summary>Redis serves again, by what others have found: it is tried at the next look, whatever was to be waited for.</summary>
    public void RetryNow() => Volatile.Write(ref _servesAgain, true);

    private async Task ClaimAsync()
    {
        var now = Interlocked.Exchange(ref _servesAgain, false) ? long.MaxValue : timeProvider.GetTimestamp();
        await Task.WhenAll(_partitions.Where(partition => partition.Leader is null && partition.RetryAt <= now).Select(ClaimAsync))
            .ConfigureAwait(false);
    }

    private async Task ClaimAsync(PartitionProgress partition)
    {
        var known = partition.Applied;
        var result = await marks.ClaimAsync(session, partition.Partition).ConfigureAwait(false);
        if (!result.TryGetValue(out var answer))
        {
            partition.Fail(timeProvider);
            return;
        }

        partition.Claimed(answer);
        if (known is not null && !known.Equals(partition.Applied))
        {
            metrics.Replayed();
            JournalLog.Replaying(logger, partition.Partition);
        }
    }

    private async Task<JournalLook> RunAsync(
        JournalConnection connection, PartitionProgress[] group, SnapshotStamp? since, CancellationToken cancellationToken)
    {
        var batch = new JournalBatch(session.Layout, NamesPerCall);
        var calls = new CallsUnderWay(session, invalidations, group, CallsAtOnce, test);
        var (names, rows, firstWritten) = (0, 0, long.MaxValue);
        var isEverything = since is null;
        JournalReading? reading = null;
        IReadOnlySet<PartitionProgress> failed;
        try
        {
            await foreach (var (look, row) in connection.ReadAsync(since, cancellationToken).ConfigureAwait(false))
            {
                if (row is not { } found)
                {
                    reading = look;
                    isEverything |= since is not null && !CanGoOn(group[0], since, look);
                }
                else if (found.IsEverything || isEverything)
                {
                    // The rest is read to its end and thrown away: it is part of everything.
                    isEverything = true;
                }
                else
                {
                    var added = batch.Add(found);
                    (names, rows) = (names + added, rows + 1);
                    metrics.Read(added);
                    metrics.Skipped(found.Skipped);
                    firstWritten = Math.Min(firstWritten, found.WrittenAt);
                    await calls.SendAsync(batch.Take(withRest: false), look.BootMark).ConfigureAwait(false);
                }
            }

            if (!isEverything)
            {
                await calls.SendAsync(batch.Take(withRest: true), reading!.BootMark).ConfigureAwait(false);
            }

            failed = await calls.FinishAsync().ConfigureAwait(false);
        }
        finally
        {
            metrics.Done(names);
        }

        if (isEverything)
        {
            failed = await RaiseAsync(group).ConfigureAwait(false);
        }

        foreach (var partition in group)
        {
            if (failed.Contains(partition))
            {
                partition.Fail(timeProvider);
            }
            else
            {
                partition.Advance(reading!);
            }
        }

        Report(reading!, names, rows, firstWritten);
        return new JournalLook(isEverything ? 1 : names, reading!.Snapshot);
    }

    /// <summary>Whether the journal still has all that was not applied, and counts transactions as it did.</summary>
    private bool CanGoOn(PartitionProgress partition, SnapshotStamp since, JournalReading look)
    {
        if (partition.BootMark != look.BootMark)
        {
            JournalLog.OtherDatabase(logger);
            return false;
        }

        if (since.Xmin < look.PurgedBelow)
        {
            JournalLog.Purged(logger);
            return false;
        }

        return true;
    }

    /// <returns>The partitions of the group that could not be reached.</returns>
    private async Task<IReadOnlySet<PartitionProgress>> RaiseAsync(PartitionProgress[] group)
    {
        await test.PassAsync(ProtocolStep.ApplyJournal).ConfigureAwait(false);
        metrics.Raised();
        var reached = await generations.RaiseEachAsync(session, group[0].Partition).ConfigureAwait(false);
        return group.Where(partition => !reached[partition.Partition]).ToHashSet();
    }

    private void Report(JournalReading reading, int names, int rows, long firstWritten)
    {
        if (rows > 0)
        {
            // Committed since the look before, which has not seen it, and not before it was written.
            var now = reading.PostgresTime + (long)timeProvider.GetElapsedTime(reading.LookedAt).TotalMicroseconds;
            metrics.Applied(names, rows, _bells, TimeSpan.FromMicroseconds(Math.Max(0, now - Math.Max(firstWritten, _previousLook))));
        }

        _previousLook = reading.PostgresTime;
    }

    private async Task<bool> MarkAsync(PartitionProgress partition, Generation generation)
    {
        var reached = partition.Reached!;
        var mark = new AppliedMark(reached.PostgresTime, generation.Number, reached.BootMark, reached.Snapshot);
        var bytes = mark.ToBytes();
        var result = await RedisMarks.MarkAsync(session, partition.Partition, partition.Leader!, partition.MarkBytes, bytes, generation)
            .ConfigureAwait(false);
        if (!result.TryGetValue(out var isMarked))
        {
            partition.Fail(timeProvider);
            return true;
        }

        if (isMarked)
        {
            partition.Marked(mark, bytes);
            return true;
        }

        partition.Lose();
        return false;
    }
}
