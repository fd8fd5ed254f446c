using HybridStore.Fencing;
using HybridStore.Invalidating;
using HybridStore.Reading;
using HybridStore.Redis;
using HybridStore.Resilience;
using HybridStore.Writing;

namespace HybridStore.Testing.Caching;

/// <summary>
/// Redis as a store sees it, in memory, and with a switch. While it is off, reads and loads get no answer and invalidations wait;
/// switched on, it takes those before anybody reads what they concern. Thread-safe.
/// </summary>
internal sealed class InMemoryCache(InMemoryPartition partition, RedisClock clock, FlightTable flights, int capacity) : IEntryCache, IInvalidator
{
    private readonly Lock _switching = new();
    private readonly PendingSet _pending = new(capacity);
    private volatile bool _isDown;

    public bool RefusesTags => false;

    public long Generation => partition.Number;

    public bool IsDown
    {
        get => _isDown;
        set
        {
            lock (_switching)
            {
                _isDown = value;
                if (!value)
                {
                    ApplyPending();
                }
            }
        }
    }

    // Whatever waits is applied before anybody reads.
    public int Recoveries => 0;

    public bool IsAway(string key) => _isDown;

    public bool IsRecovering(string key) => false;

    public ValueTask<RedisCallResult<FoundEntry>> ReadAsync(string key, bool allowReplicas, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        TellTime();
        return new(_isDown ? RedisCallResult<FoundEntry>.Refused : RedisCallResult<FoundEntry>.Ok(new FoundEntry(partition.Read(key))));
    }

    public ValueTask<RedisCallResult<FoundEntry>> ReadMarkedAsync(
        string key, bool allowReplicas, bool isBounded, CancellationToken cancellationToken) =>
        ReadAsync(key, allowReplicas, cancellationToken);

    public ValueTask<RedisCallResult<FoundEntry>[]> ReadManyAsync(
        IReadOnlyList<string> keys, bool allowReplicas, bool withMark, bool isBounded, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TellTime();
        return new([.. keys.Select(key => _isDown
            ? RedisCallResult<FoundEntry>.Refused
            : RedisCallResult<FoundEntry>.Ok(new FoundEntry(partition.Read(key))))]);
    }

    public ValueTask<RedisCallResult<LeaseAnswer>[]> LeaseManyAsync(
        IReadOnlyList<(string Key, ReadOnlyMemory<byte> Seen)> keys, LeasePurpose purpose, CancellationToken cancellationToken) =>
        new([.. keys.Select(key => _isDown
            ? RedisCallResult<LeaseAnswer>.Refused
            : RedisCallResult<LeaseAnswer>.Ok(partition.Lease(key.Key, key.Seen.Span)))]);

    public ValueTask<RedisCallResult<LeaseAnswer>> LeaseAsync(
        string key, ReadOnlyMemory<byte> seen, CancellationToken cancellationToken) =>
        new(_isDown ? RedisCallResult<LeaseAnswer>.Refused : RedisCallResult<LeaseAnswer>.Ok(partition.Lease(key, seen.Span)));

    public ValueTask<RedisCallResult<LeaseAnswer>> LeaseForWriteAsync(string key, CancellationToken cancellationToken) =>
        new(_isDown ? RedisCallResult<LeaseAnswer>.Refused : RedisCallResult<LeaseAnswer>.Ok(partition.LeaseForWrite(key)));

    public ValueTask<RedisCallResult<StoreAnswer>> StoreAsync(StoreCommand command) =>
        new(_isDown ? RedisCallResult<StoreAnswer>.Refused : RedisCallResult<StoreAnswer>.Ok(partition.Store(command)));

    public IReadOnlyList<StoreCall> StoreMany(IReadOnlyList<StoreCommand> commands) =>
    [
        new StoreCall(
            [.. Enumerable.Range(0, commands.Count)],
            Task.FromResult(_isDown
                ? RedisCallResult<StoreAnswer[]>.Refused
                : RedisCallResult<StoreAnswer[]>.Ok([.. commands.Select(partition.Store)]))),
    ];

    public ValueTask<RedisCallResult<bool>> ReleaseAsync(string key, Lease lease) =>
        new(_isDown ? RedisCallResult<bool>.Refused : RedisCallResult<bool>.Ok(partition.Release(key, lease)));

    public ValueTask<RedisCallResult<RenewAnswer>> RenewAsync(string key, Lease lease) =>
        new(_isDown ? RedisCallResult<RenewAnswer>.Refused : RedisCallResult<RenewAnswer>.Ok(partition.Renew(key, lease)));

    public bool IsPending(string key) => _pending.Covers(key);

    public Task<InvalidationReceipt> InvalidateAsync(
        Invalidation what, Fence? fence, IReadOnlyDictionary<string, Lease>? spared = null)
    {
        if (what.Keys.Count == 0 && what.Tags.Count == 0)
        {
            return Task.FromResult(InvalidationReceipt.AlreadyApplied);
        }

        flights.Detach(what.Keys, what.Tags);
        return ApplyOrWaitAsync(() => partition.Invalidate(what.Keys, what.Tags, fence, spared), () => _pending.Add(what, fence, out _));
    }

    public Task<bool> TryFenceAsync(Invalidation what, Fence fence, IReadOnlyDictionary<string, Lease>? spared = null)
    {
        flights.Detach(what.Keys, what.Tags);
        lock (_switching)
        {
            if (!_isDown)
            {
                partition.Invalidate(what.Keys, what.Tags, fence, spared);
            }

            return Task.FromResult(!_isDown);
        }
    }

    public Task<InvalidationReceipt> FlushAsync()
    {
        flights.DetachAll();
        return ApplyOrWaitAsync(() => partition.InvalidateEverything(floor: null), _pending.AddEverything);
    }

    // As Redis does with what it answers: an entry may be there past its expiry.
    private void TellTime()
    {
        var timestamp = clock.Timestamp;
        clock.Observe(partition.Now, timestamp, timestamp);
    }

    private Task<InvalidationReceipt> ApplyOrWaitAsync(Action apply, Func<Task> wait)
    {
        lock (_switching)
        {
            if (_isDown)
            {
                var applied = wait();
                flights.Versions.RaiseAll();
                return Task.FromResult(new InvalidationReceipt(applied));
            }

            apply();
            flights.Versions.RaiseAll();
            return Task.FromResult(InvalidationReceipt.AlreadyApplied);
        }
    }

    private void ApplyPending()
    {
        while (_pending.Take() is { } batch)
        {
            if (batch.Everything)
            {
                partition.InvalidateEverything(batch.Floor);
            }

            foreach (var (what, fence) in batch.Invalidations)
            {
                partition.Invalidate(what.Keys, what.Tags, fence);
            }

            _pending.Complete();
        }
    }
}
