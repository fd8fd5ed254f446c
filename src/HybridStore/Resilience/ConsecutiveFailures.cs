namespace HybridStore.Resilience;

/// <summary>
/// Counts failures in a row: as many as the threshold, the first no longer than the window before the last. Writers hold
/// the breaker's lock; <see cref="IsEmpty"/> and <see cref="Epoch"/> may be read at any time.
/// </summary>
internal sealed class ConsecutiveFailures(int threshold, TimeSpan window)
{
    // The times of the latest failures, in ticks: the slot that is next to be overwritten holds the oldest.
    private readonly long[] _times = new long[threshold];
    private int _next;
    private volatile int _count;
    private long _epoch;
    private long _lastAt;

    public bool IsEmpty => _count == 0;

    /// <summary>Whether the latest failure is young enough to be part of a row.</summary>
    public bool IsRecent(DateTimeOffset now) => !IsEmpty && now.UtcTicks - Volatile.Read(ref _lastAt) <= window.Ticks;

    /// <summary>
    /// A number that a call notes when it starts. It moves with every counted failure, so that calls which were in flight
    /// together when one connection dropped count once, and not 64 times.
    /// </summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Counts a failure of a call that started in an epoch; true if it completes the row.</summary>
    public bool Record(long startedInEpoch, DateTimeOffset now)
    {
        if (startedInEpoch != _epoch)
        {
            return false;
        }

        Volatile.Write(ref _epoch, _epoch + 1);
        Volatile.Write(ref _lastAt, now.UtcTicks);
        _times[_next] = now.UtcTicks;
        _next = (_next + 1) % threshold;
        _count = Math.Min(_count + 1, threshold);
        return _count == threshold && now.UtcTicks - _times[_next] <= window.Ticks;
    }

    /// <summary>Forgets the row: the server has answered.</summary>
    public void Clear() => _count = 0;

    /// <summary>Forgets the row, and whatever the calls now in flight will say.</summary>
    public void StartOver()
    {
        Clear();
        Volatile.Write(ref _epoch, _epoch + 1);
    }
}
