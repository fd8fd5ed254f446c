namespace HybridStore.Redis;

/// <summary>
/// Redis's clock as this process knows it: an offset to the monotonic clock, taken from the times that scripts return. It decides
/// about early refreshes and about how long what has expired may still be served, never about what an invalidation has removed.
/// </summary>
internal sealed class RedisClock(TimeProvider timeProvider)
{
    private readonly Lock _lock = new();
    private long _offset = long.MinValue;
    private long _roundTrip;

    public bool IsKnown => Volatile.Read(ref _offset) != long.MinValue;

    /// <summary>Milliseconds since the Unix epoch. Only where <see cref="IsKnown"/>.</summary>
    public long Now => At(Timestamp);

    /// <summary>This moment on the local clock.</summary>
    public long Timestamp => timeProvider.GetTimestamp();

    /// <summary>What Redis's clock shows at a moment on the local one. Only where <see cref="IsKnown"/>.</summary>
    public long At(long timestamp) => Volatile.Read(ref _offset) + Monotonic(timestamp);

    /// <summary>Takes a time that Redis answered with between two local timestamps. The answer with the shortest round trip is the
    /// best one; it loses weight with each later one, so that a clock that was set or drifts is followed.</summary>
    public void Observe(long redisMilliseconds, long sentAt, long receivedAt)
    {
        var sent = Monotonic(sentAt);
        var received = Monotonic(receivedAt);
        var roundTrip = received - sent;
        var offset = redisMilliseconds - (sent + (roundTrip / 2));
        lock (_lock)
        {
            var known = Volatile.Read(ref _offset);
            var contradicts = known == long.MinValue || Math.Abs(offset - known) > ((roundTrip + _roundTrip) / 2) + 1;
            if (contradicts || roundTrip <= _roundTrip)
            {
                Volatile.Write(ref _offset, offset);
                _roundTrip = roundTrip;
            }
            else
            {
                _roundTrip++;
            }
        }
    }

    private long Monotonic(long timestamp) => (long)timeProvider.GetElapsedTime(0, timestamp).TotalMilliseconds;
}
