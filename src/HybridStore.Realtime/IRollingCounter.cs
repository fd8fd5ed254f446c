namespace HybridStore.Realtime;

/// <summary>Counts what happens, such as requests by endpoint, and tells how often it happened lately: in buckets of
/// <see cref="RollingCounterOptions.Resolution"/>, by the clock of Redis. Safe to use from any thread.</summary>
/// <remarks>
/// <para>The time that is asked for is rounded up to buckets, with all of the oldest one: a sum covers at least that time, and up to one
/// <see cref="RollingCounterOptions.Resolution"/> more.</para>
/// <para>If Redis loses its data, counting starts anew; a counter is not the place for what must not be lost (raw events belong into a write
/// buffer). A whole counter lives in one slot of a cluster.</para>
/// </remarks>
public interface IRollingCounter
{
    /// <summary>Counts. Redis trouble is no exception: what cannot be counted is not. Callers that come while a call is under way travel together
    /// in the next one.</summary>
    /// <param name="member">What happened: 1 to 1,024 bytes in UTF-8, no control characters.</param>
    /// <param name="by">How often: 1 to 1,000,000,000,000.</param>
    /// <param name="cancellationToken">Ends the wait; it is counted all the same.</param>
    /// <returns>Whether Redis has confirmed it. If not, it may have been counted without an answer in time.</returns>
    /// <exception cref="ArgumentException"><paramref name="member"/> is not as it must be.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is not in its range.</exception>
    ValueTask<bool> IncrementAsync(string member, long by = 1, CancellationToken cancellationToken = default);

    /// <summary>How often one member was counted.</summary>
    /// <param name="member">Which; one named <see cref="RollingCount.Others"/> shares its count with what that stands for.</param>
    /// <param name="window">In the last so much time: more than zero, at most <see cref="RollingCounterOptions.Window"/>, which is the
    /// default.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentException"><paramref name="member"/> is not as it must be.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is not in its range.</exception>
    /// <exception cref="RealtimeUnavailableException">Redis did not answer.</exception>
    Task<long> SumAsync(string member, TimeSpan? window = null, CancellationToken cancellationToken = default);

    /// <summary>How often all members together were counted.</summary>
    /// <param name="window">As in <see cref="SumAsync"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is not in its range.</exception>
    /// <exception cref="RealtimeUnavailableException">Redis did not answer.</exception>
    Task<long> TotalAsync(TimeSpan? window = null, CancellationToken cancellationToken = default);

    /// <summary>The members that were counted most, the largest first; equal ones in the order of their names, the last first. In buckets that
    /// were full some may have been counted as <see cref="RollingCount.Others"/>, which is among them. Redis adds up all members of the buckets
    /// that are asked for: some milliseconds for 30 buckets of 1,000.</summary>
    /// <param name="count">How many: 1 to 10,000.</param>
    /// <param name="window">As in <see cref="SumAsync"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> or <paramref name="window"/> is not in its range.</exception>
    /// <exception cref="RealtimeUnavailableException">Redis did not answer.</exception>
    Task<IReadOnlyList<RollingCount>> TopAsync(int count, TimeSpan? window = null, CancellationToken cancellationToken = default);

    /// <summary>The buckets one by one, the oldest first, with those in which nothing was counted; the last one still counts.</summary>
    /// <param name="member">Of which member; <see langword="null"/>: of all together.</param>
    /// <param name="window">As in <see cref="SumAsync"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RealtimeUnavailableException">Redis did not answer.</exception>
    Task<IReadOnlyList<RollingBucket>> BucketsAsync(
        string? member = null, TimeSpan? window = null, CancellationToken cancellationToken = default);
}
