using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>
/// Caps how many nulls are stored in a second: what a scan over ids that do not exist can put into Redis. Seconds are whole ones of the
/// monotonic clock, so at a turn twice as many may come close together. Thread-safe.
/// </summary>
/// <param name="perSecond">How many: 0 to 1,000,000.</param>
/// <param name="timeProvider">Tells the seconds.</param>
/// <param name="logger">Told once a minute at most that there were more.</param>
internal sealed class NegativeEntryLimit(int perSecond, TimeProvider timeProvider, ILogger logger)
{
    // The count stands in the lower bits, the second above.
    private const int BitsOfCount = 20;
    private const long SecondsBetweenLogs = 60;

    private long _stored;
    private long _loggedAt = -SecondsBetweenLogs;

    /// <summary>Whether another one may be stored in this second, which is then counted.</summary>
    public bool TryTake()
    {
        var second = timeProvider.GetTimestamp() / timeProvider.TimestampFrequency;
        var seen = Volatile.Read(ref _stored);
        while (true)
        {
            // A thread that was held up between the two looks may come with a second that is over: it counts in the present one.
            var isCurrent = seen >> BitsOfCount >= second;
            var count = isCurrent ? seen & ((1L << BitsOfCount) - 1) : 0;
            if (count >= perSecond)
            {
                LogAt(second);
                return false;
            }

            var next = isCurrent ? seen + 1 : (second << BitsOfCount) + 1;
            var found = Interlocked.CompareExchange(ref _stored, next, seen);
            if (found == seen)
            {
                return true;
            }

            seen = found;
        }
    }

    private void LogAt(long second)
    {
        var last = Volatile.Read(ref _loggedAt);
        if (second - last >= SecondsBetweenLogs && Interlocked.CompareExchange(ref _loggedAt, second, last) == last)
        {
            NegativeEntryLog.Limited(logger, perSecond);
        }
    }
}
