namespace HybridStore.Journaling.Listening;

/// <summary>
/// Decides when the listener polls and when it sleeps until it is rung for. Each <c>NOTIFY</c> takes a lock that all committing writers
/// queue on, so while there is work the listener says until when it is awake, polls, and nobody rings; as network cards do.
/// </summary>
/// <remarks>A writer that saw it awake may commit long after. So it sleeps only when every transaction has ended that had an id by the time at
/// which it was last said to be awake; until then it goes on polling, less often.</remarks>
internal sealed class Doorbell(JournalConnection connection, bool rings, TimeSpan longestSleep, JournalMetrics metrics, TimeProvider timeProvider)
{
    private static readonly TimeSpan Awake = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StaysAwake = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan PauseBetweenFinds = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan LongestPauseForOthers = TimeSpan.FromMilliseconds(100);

    // After a look with more names than these there is a backlog.
    private const int FewNames = 1000;

    // A trigger takes a listener that it has not heard of for 30 seconds for none.
    private static readonly TimeSpan SaysThatItIsThere = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SomeTimeAgo = TimeSpan.FromSeconds(-1);

    private enum Mode
    {
        /// <summary>Nobody rings, and work is looked for.</summary>
        Polling,

        /// <summary>It is not said to be awake any more, but a writer may think so.</summary>
        Lapsing,

        /// <summary>Every change rings.</summary>
        Sleeping,
    }

    private Mode _mode = Mode.Sleeping;
    private TimeSpan _pause = FirstPause;
    private long _saidAt;
    private long _foundAt;
    private ulong? _lastToSeeItAwake;

    /// <summary>How often it has rung before the look that comes next.</summary>
    public int Bells { get; private set; }

    /// <summary>To be called before each look: whoever commits behind it is either seen by the next one, or rings.</summary>
    public async Task PrepareAsync(bool isFirst, CancellationToken cancellationToken)
    {
        var bells = Bells = connection.TakeBells();
        metrics.Rung(bells);
        if (!rings)
        {
            if (isFirst)
            {
                await connection.PublishAsync(awake: null, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        if (isFirst || (bells > 0 && _mode == Mode.Sleeping))
        {
            await WakeAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (_mode == Mode.Polling && timeProvider.GetElapsedTime(_foundAt) > StaysAwake)
        {
            _mode = Mode.Lapsing;
        }
        else if (_mode == Mode.Polling && timeProvider.GetElapsedTime(_saidAt) > Awake / 2)
        {
            await SayAsync(Awake, cancellationToken).ConfigureAwait(false);
        }
        else if (_mode == Mode.Sleeping && timeProvider.GetElapsedTime(_saidAt) > SaysThatItIsThere)
        {
            await SayAsync(SomeTimeAgo, cancellationToken).ConfigureAwait(false);
        }

        if (_mode == Mode.Lapsing && _lastToSeeItAwake is null && timeProvider.GetElapsedTime(_saidAt) > Awake + FirstPause)
        {
            _lastToSeeItAwake = await connection.TakeTransactionIdAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until it is time to look again.</summary>
    /// <param name="look">The look before.</param>
    /// <param name="untilMark">When there is a mark to be written at the latest.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task WaitAsync(JournalLook look, TimeSpan untilMark, CancellationToken cancellationToken)
    {
        if (look.Found > 0)
        {
            _foundAt = timeProvider.GetTimestamp();
            _pause = FirstPause;
            if (rings && _mode != Mode.Polling)
            {
                await WakeAsync(cancellationToken).ConfigureAwait(false);
            }

            if (look.Found < FewNames && untilMark > PauseBetweenFinds)
            {
                // A look costs both servers about as much as writing ten rows does. The writers need not pay for one each.
                await Task.Delay(PauseBetweenFinds, timeProvider, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        if (_mode == Mode.Lapsing && _lastToSeeItAwake is { } last && look.Snapshot is { } seen && seen.Xmin > last)
        {
            _mode = Mode.Sleeping;
        }

        if (_mode == Mode.Sleeping)
        {
            await connection.WaitForBellAsync(untilMark < longestSleep ? untilMark : longestSleep, cancellationToken).ConfigureAwait(false);
            return;
        }

        var longest = _lastToSeeItAwake is null ? LongestPause : LongestPauseForOthers;
        var pause = _pause < untilMark ? _pause : untilMark;
        _pause = _pause * 2 < longest ? _pause * 2 : longest;
        if (_lastToSeeItAwake is null)
        {
            await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await connection.WaitForBellAsync(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WakeAsync(CancellationToken cancellationToken)
    {
        await SayAsync(Awake, cancellationToken).ConfigureAwait(false);
        (_mode, _lastToSeeItAwake, _pause) = (Mode.Polling, null, FirstPause);
        _foundAt = timeProvider.GetTimestamp();
    }

    private async Task SayAsync(TimeSpan awake, CancellationToken cancellationToken)
    {
        await connection.PublishAsync(awake, cancellationToken).ConfigureAwait(false);

        // After the answer: by PostgreSQL's clock the time is over no later than by this one.
        _saidAt = timeProvider.GetTimestamp();
    }
}
