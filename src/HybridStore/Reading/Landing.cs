using HybridStore.Fencing;

namespace HybridStore.Reading;

/// <summary>What a flight brings its callers.</summary>
/// <param name="Value">The value.</param>
/// <param name="Stamp">The snapshots that the value reflects, for loads that build on it.</param>
/// <param name="BeganAt">When the load, or the look at Redis that found the value, began, in the count of arrivals.</param>
/// <param name="SentAt">When it was sent to be stored, in the same count; 0 if it was found in Redis.</param>
/// <param name="Stored">Whether the cache has taken the value. Never faults.</param>
/// <param name="IsOfStandby">Whether the load ran on a standby. Not so where only what it read through the store did.</param>
internal sealed record Landing<T>(
    T Value, LoadStamp Stamp, long BeganAt, long SentAt, Task<bool> Stored, bool IsOfStandby = false)
{
    /// <summary>Whether it was loaded, and not found in Redis.</summary>
    public bool WasLoaded => SentAt != 0;

    /// <summary>Whether the value reflects every invalidation that was applied before a caller arrived. One that began later does. One that
    /// began before does if the cache has taken it since: not if it was sent there before, and invalidated after it was taken. What was read
    /// in an older transaction never does.</summary>
    public async ValueTask<bool> SatisfiesAsync(long arrivedAt, CancellationToken cancellationToken) =>
        !Stamp.IsFromTransaction
        && (BeganAt > arrivedAt || (SentAt > arrivedAt && await Stored.WaitAsync(cancellationToken).ConfigureAwait(false)));
}
