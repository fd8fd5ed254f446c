using System.Collections.Concurrent;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis;

namespace HybridStore.Reading;

/// <summary>
/// Renews the leases of loads that take long, so that nobody else loads the same meanwhile. One timer serves all loads and runs only while
/// there are some: to a load that is over soon it is an entry in a table. A lease that cannot be renewed ends by itself, and what is loaded
/// under it is then not stored. Thread-safe.
/// </summary>
internal sealed class LeaseKeeper : IDisposable
{
    private readonly ConcurrentDictionary<Lease, (string Key, long AskedAt)> _kept = new(ReferenceEqualityComparer.Instance);
    private readonly IEntryCache _cache;
    private readonly StoreMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _age;
    private readonly TimeSpan _period;
    private readonly ITimer _timer;
    private int _isRunning;

    /// <param name="cache">Renews.</param>
    /// <param name="leaseDuration">How long a lease lasts.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="timeProvider">Wakes it.</param>
    public LeaseKeeper(IEntryCache cache, TimeSpan leaseDuration, StoreMetrics metrics, TimeProvider timeProvider)
    {
        (_cache, _metrics, _timeProvider) = (cache, metrics, timeProvider);

        // What is older than a third is renewed. Looked for twice as often, a lease is half over at most, and there is time for a second
        // attempt.
        (_age, _period) = (leaseDuration / 3, leaseDuration / 6);
        using (ExecutionContext.SuppressFlow())
        {
            _timer = timeProvider.CreateTimer(
                static keeper => ((LeaseKeeper)keeper!).Renew(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>How many leases it keeps.</summary>
    public int Count => _kept.Count;

    /// <summary>Renews a lease until the result is disposed. One that is kept already stays so until whoever came first lets it go.</summary>
    public Keeping Keep(string key, Lease lease)
    {
        if (!_kept.TryAdd(lease, (key, _timeProvider.GetTimestamp())))
        {
            return default;
        }

        Start();
        return new Keeping(this, lease);
    }

    /// <summary>Leases are not renewed any more.</summary>
    public void Dispose() => _timer.Dispose();

    private void Start()
    {
        if (Volatile.Read(ref _isRunning) == 0 && Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            _timer.Change(_period, _period);
        }
    }

    private void Stop()
    {
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Interlocked.Exchange(ref _isRunning, 0);
        if (!_kept.IsEmpty)
        {
            // Came between the look and the stop, and saw it running.
            Start();
        }
    }

    private void Renew()
    {
        if (_kept.IsEmpty)
        {
            Stop();
            return;
        }

        var now = _timeProvider.GetTimestamp();
        foreach (var (lease, kept) in _kept)
        {
            // Also one that is not answered is asked for again only when it is as old again. What is let go meanwhile is not asked for.
            if (_timeProvider.GetElapsedTime(kept.AskedAt, now) >= _age && _kept.TryUpdate(lease, (kept.Key, now), kept))
            {
                _ = RenewAsync(kept.Key, lease);
            }
        }
    }

    private async Task RenewAsync(string key, Lease lease)
    {
        var result = await _cache.RenewAsync(key, lease).ConfigureAwait(false);
        if (!result.TryGetValue(out var answer))
        {
            _metrics.Renewed("failed");
            return;
        }

        _metrics.Renewed(answer.Name());
        if (answer is RenewAnswer.Lost or RenewAnswer.TooLate)
        {
            _kept.TryRemove(lease, out _);
        }
    }

    /// <summary>A lease that is being kept.</summary>
    internal readonly struct Keeping(LeaseKeeper? keeper, Lease? lease) : IDisposable
    {
        /// <summary>Lets it go.</summary>
        public void Dispose()
        {
            if (keeper is not null)
            {
                keeper._kept.TryRemove(lease!, out _);
            }
        }
    }
}
