namespace HybridStore.Realtime.Buffering;

/// <summary>What became of a call, as a flush sees it.</summary>
internal enum CallFate
{
    /// <summary>It is not written yet, or that is not known yet.</summary>
    Waits,

    /// <summary>It has reached PostgreSQL, or was told of by a flush before.</summary>
    Settled,

    /// <summary>Redis has lost it, or one before, and no flush has told of that.</summary>
    Lost,
}

/// <summary>The calls of this process to one partition that Redis has acknowledged, and what flushes have told of them. Safe to use from any
/// thread.</summary>
internal sealed class AcknowledgedCalls(TimeProvider timeProvider)
{
    // Redis and PostgreSQL forget a process that has been idle for long: what they do not know then is not lost.
    private static readonly TimeSpan IsKnownFor = BufferTables.CallsAreRememberedFor - TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private long _lastTaken;
    private long _takenAt;
    private long _lastEnded;
    private long _told;
    private long _lostUpTo;
    private long _foundBy;

    /// <summary>The number of the last call that Redis has acknowledged; 0 before the first.</summary>
    public long LastTaken
    {
        get
        {
            lock (_lock)
            {
                return _lastTaken;
            }
        }
    }

    private bool IsForgotten => timeProvider.GetElapsedTime(_takenAt) > IsKnownFor;

    /// <summary>Redis has acknowledged a call.</summary>
    /// <param name="number">The call.</param>
    /// <param name="lastBefore">The last one that Redis knew of before; -1 if of none.</param>
    /// <returns>False if Redis knew less than it had acknowledged.</returns>
    public bool TryTake(long number, long lastBefore)
    {
        lock (_lock)
        {
            var isLost = _lastTaken > 0 && lastBefore < _lastTaken && !IsForgotten;
            if (isLost && _lastTaken > _told)
            {
                _foundBy = _lostUpTo > _told ? _foundBy : number;
                _lostUpTo = _lastTaken;
            }

            (_lastTaken, _takenAt) = (number, timeProvider.GetTimestamp());
            return !isLost;
        }
    }

    /// <summary>A call is done with, however it went.</summary>
    public void End(long number)
    {
        lock (_lock)
        {
            _lastEnded = number;
        }
    }

    /// <summary>What became of the calls up to one. A loss is told once.</summary>
    /// <param name="upTo">The last call that is asked for.</param>
    /// <param name="written">The last call that PostgreSQL has; 0 if it knows of none.</param>
    /// <param name="isMissing">Whether Redis did not know of the last call, before PostgreSQL was asked.</param>
    public CallFate Judge(long upTo, long written, bool isMissing)
    {
        lock (_lock)
        {
            if (written > _lastEnded)
            {
                // Its answer is under way, and may bring word of a loss.
                return CallFate.Waits;
            }

            if (_lostUpTo > _told)
            {
                // Once a later call is written it cannot be told any more whether these were.
                var isWritten = written >= _lostUpTo && written < _foundBy;
                _told = _lostUpTo;
                if (!isWritten)
                {
                    _told = isMissing ? Math.Max(_told, upTo) : _told;
                    return CallFate.Lost;
                }
            }

            if (Math.Max(written, _told) >= upTo || (isMissing && IsForgotten))
            {
                return CallFate.Settled;
            }

            if (!isMissing)
            {
                return CallFate.Waits;
            }

            _told = upTo;
            return CallFate.Lost;
        }
    }

    /// <summary>A flush has told that all up to a call has arrived: nothing more is asked about it.</summary>
    public void Tell(long upTo)
    {
        lock (_lock)
        {
            _told = Math.Max(_told, upTo);
        }
    }
}
