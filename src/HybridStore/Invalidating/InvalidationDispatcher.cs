using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Reading;
using HybridStore.Redis;
using HybridStore.Writing;
using Microsoft.Extensions.Logging;

namespace HybridStore.Invalidating;

/// <summary>
/// Applies invalidations: first to the loads that run in this process, then to Redis. What Redis does not take waits in a bounded
/// set and is retried with growing pauses; while it waits, this process does not read the keys concerned from Redis.
/// </summary>
internal sealed class InvalidationDispatcher : IInvalidator, IAsyncDisposable
{
    private const int AppliedAtOnce = 64;

    private readonly RedisInvalidations _redis;
    private readonly RedisConnection _connection;
    private readonly FlightTable _flights;
    private readonly InvalidationRetryOptions _retry;
    private readonly WriteMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly ProtocolUnderTest? _test;
    private readonly PendingSet _pending;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task _retrying = Task.CompletedTask;
    private TaskCompletionSource _wakeUp = NewWakeUp();

    public InvalidationDispatcher(
        RedisInvalidations redis,
        RedisConnection connection,
        FlightTable flights,
        InvalidationRetryOptions retry,
        WriteMetrics metrics,
        TimeProvider timeProvider,
        ILogger logger,
        ProtocolUnderTest? test = null)
    {
        _redis = redis;
        _connection = connection;
        _flights = flights;
        _retry = retry;
        _metrics = metrics;
        _timeProvider = timeProvider;
        _logger = logger;
        _test = test;
        _pending = new PendingSet(retry.Capacity);
        metrics.ObservePending(() => _pending.Count);
        connection.Restored += WakeUp;
    }

    /// <summary>Whether anything waits, were it too much to be counted.</summary>
    public bool IsAnyPending => !_pending.IsEmpty;

    /// <summary>How many keys and tags wait.</summary>
    public int PendingCount => _pending.Count;

    public bool IsPending(string key) => _pending.Covers(key);

    /// <summary>Applies an invalidation or queues it. Keys and tags have been checked.</summary>
    public async Task<InvalidationReceipt> InvalidateAsync(
        Invalidation what, Fence? fence, IReadOnlyDictionary<string, Lease>? spared = null)
    {
        if (what.Keys.Count == 0 && what.Tags.Count == 0)
        {
            return InvalidationReceipt.AlreadyApplied;
        }

        if (await TryApplyAsync(what, fence, spared).ConfigureAwait(false))
        {
            return InvalidationReceipt.AlreadyApplied;
        }

        var applied = _pending.Add(what, fence, out var overflowed);

        // Once more: from here on nobody reads the old entry.
        _flights.Versions.Raise(what.Keys, what.Tags);
        InvalidationLog.Queued(_logger, what.Keys.Count, what.Tags.Count);
        if (overflowed)
        {
            InvalidationLog.Overflowed(_logger, _retry.Capacity);
        }

        EnsureRetrying();
        return new InvalidationReceipt(applied);
    }

    public Task<bool> TryFenceAsync(Invalidation what, Fence fence, IReadOnlyDictionary<string, Lease>? spared = null) =>
        TryApplyAsync(what, fence, spared);

    /// <summary>Invalidates the whole cache, or queues that.</summary>
    public async Task<InvalidationReceipt> FlushAsync()
    {
        _flights.DetachAll();
        if (await _redis.ApplyToEverythingAsync(floor: null, probing: false, CancellationToken.None).ConfigureAwait(false))
        {
            _flights.Versions.RaiseAll();
            return InvalidationReceipt.AlreadyApplied;
        }

        var applied = _pending.AddEverything();
        _flights.Versions.RaiseAll();
        InvalidationLog.FlushQueued(_logger);
        EnsureRetrying();
        return new InvalidationReceipt(applied);
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Restored -= WakeUp;
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task retrying;
        lock (_lock)
        {
            retrying = _retrying;
        }

        await retrying.ConfigureAwait(false);

        // One last attempt: a short outage that ends with the process should not leave stale entries behind. More than one batch
        // can wait: what the last retry took, and what has come since.
        while (!_pending.IsEmpty && await TryApplyAsync(CancellationToken.None).ConfigureAwait(false))
        {
        }

        if (_pending.Abandon() is > 0 and var left)
        {
            InvalidationLog.Abandoned(_logger, left);
        }
    }

    private async Task<bool> TryApplyAsync(Invalidation what, Fence? fence, IReadOnlyDictionary<string, Lease>? spared)
    {
        // Before Redis is told: whoever reads from here on gets nothing of a load that began before the change.
        await _test.PassAsync(ProtocolStep.Detach).ConfigureAwait(false);
        if (_test is not { InvalidationsDetachFlights: false })
        {
            _flights.Detach(what.Keys, what.Tags);
        }

        var applied = await _redis.ApplyAsync(what.Keys, what.Tags, fence, probing: false, spared).ConfigureAwait(false);
        _flights.Versions.Raise(what.Keys, what.Tags);
        return applied;
    }

    private static TaskCompletionSource NewWakeUp() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Redis serves again: what waits is tried at once.</summary>
    public void WakeUp() => Volatile.Read(ref _wakeUp).TrySetResult();

    private void EnsureRetrying()
    {
        lock (_lock)
        {
            if (_retrying.IsCompleted && !_stopping.IsCancellationRequested)
            {
                _retrying = Task.Run(RetryAsync, CancellationToken.None);
            }
        }
    }

    private async Task RetryAsync()
    {
        var pause = _retry.InitialDelay;
        while (true)
        {
            if (!await PauseAsync(pause).ConfigureAwait(false))
            {
                return;
            }

            if (!await TryApplyAsync(_stopping.Token).ConfigureAwait(false))
            {
                pause = pause * 2 < _retry.MaximumDelay ? pause * 2 : _retry.MaximumDelay;
                continue;
            }

            pause = _retry.InitialDelay;
            lock (_lock)
            {
                if (_pending.IsEmpty)
                {
                    // Under the lock: who adds after this finds a completed task and starts anew.
                    _retrying = Task.CompletedTask;
                    return;
                }
            }
        }
    }

    /// <summary>Waits, or less if Redis comes back. False when the store stops.</summary>
    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        // Jitter keeps the instances of an application from knocking together.
        var jittered = pause * (0.75 + (Random.Shared.NextDouble() / 2));
        using var paused = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var wakeUp = Volatile.Read(ref _wakeUp);
        await Task.WhenAny(wakeUp.Task, Task.Delay(jittered, _timeProvider, paused.Token)).ConfigureAwait(false);
        await paused.CancelAsync().ConfigureAwait(false);
        if (wakeUp.Task.IsCompleted)
        {
            Interlocked.CompareExchange(ref _wakeUp, NewWakeUp(), wakeUp);
        }

        return !_stopping.IsCancellationRequested;
    }

    /// <summary>True if nothing that was taken is left.</summary>
    private async Task<bool> TryApplyAsync(CancellationToken cancellationToken)
    {
        if (_pending.Take() is not { } batch)
        {
            return true;
        }

        bool applied;
        try
        {
            applied = batch.Everything
                ? await _redis.ApplyToEverythingAsync(batch.Floor, probing: true, cancellationToken).ConfigureAwait(false)
                : await TryApplyAsync(batch.Invalidations).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        if (applied)
        {
            InvalidationLog.AppliedLate(_logger, batch.Count);
            _metrics.Invalidated("retry", "applied", batch.Count);
            _pending.Complete();
        }

        return applied;
    }

    private async Task<bool> TryApplyAsync(IEnumerable<(Invalidation What, Fence? Fence)> invalidations)
    {
        // Some at a time: the first that fails spares Redis the others, and they cannot fill the client's pipe.
        foreach (var some in invalidations.Chunk(AppliedAtOnce))
        {
            var applied = await Task.WhenAll(
                some.Select(one => _redis.ApplyAsync(one.What.Keys, one.What.Tags, one.Fence, probing: true))).ConfigureAwait(false);
            if (applied.Contains(false))
            {
                return false;
            }
        }

        return true;
    }
}
