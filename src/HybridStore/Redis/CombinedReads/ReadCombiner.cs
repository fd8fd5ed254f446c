using System.Buffers;
using System.Runtime.CompilerServices;
using HybridStore.Diagnostics;
using HybridStore.Resilience;
using Polly.Timeout;
using StackExchange.Redis;

namespace HybridStore.Redis.CombinedReads;

/// <summary>
/// The reads of one partition. One that finds nothing in flight is sent at once; those that arrive meanwhile leave together, as one
/// MGET, when the answer is there. So nothing waits while Redis is idle, and the busier it gets the fewer and larger its calls become.
/// </summary>
/// <remarks>Each call, of one key or many, runs once through the circuit breaker. A failed call fails its own reads only. A read that
/// has waited for its turn as long as a call may take fails without being sent: nobody waits for two time-outs. While the partition's slot
/// moves between two nodes of a cluster, neither answers for keys of both: such reads are sent again one by one. Once a call has failed nothing
/// waits behind another one: that one finds out whether Redis is there, and the others do without it.</remarks>
internal sealed class ReadCombiner
{
    /// <summary>Keys in one MGET. Larger calls gain nothing more and would hold Redis up for others.</summary>
    internal const int KeysPerCall = 128;

    private const int MostSpares = 1024;

    private static readonly TimeoutException WaitedTooLong =
        new("The read waited for an earlier call to Redis for as long as a call may take.");

    private readonly IDatabase _database;
    private readonly RedisCircuitBreaker _breaker;
    private readonly CommandFlags _flags;
    private readonly RedisKey? _mark;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _timeProvider;
    private readonly RedisMetrics? _metrics;
    private readonly Lock _lock = new();
    private readonly Queue<PendingRead> _waiting = new();
    private readonly Stack<PendingRead> _spares = new();
    private bool _isBusy;

    /// <param name="database">Redis.</param>
    /// <param name="breaker">What the calls run through.</param>
    /// <param name="flags">Who may answer.</param>
    /// <param name="patience">How long a call may take.</param>
    /// <param name="timeProvider">Measures.</param>
    /// <param name="mark">The partition's applied mark, which every call then reads before its keys: it says nothing of what was read
    /// earlier.</param>
    /// <param name="metrics">Measures calls for operators; null where nobody could ask.</param>
    public ReadCombiner(
        IDatabase database,
        RedisCircuitBreaker breaker,
        CommandFlags flags,
        TimeSpan patience,
        TimeProvider timeProvider,
        RedisKey? mark = null,
        RedisMetrics? metrics = null)
    {
        _metrics = metrics;
        _mark = mark;
        _database = database;
        _breaker = breaker;
        _flags = flags;
        _patience = patience;
        _timeProvider = timeProvider;
    }

    public ValueTask<RedisCallResult<FoundEntry>> ReadAsync(in RedisKey key, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<RedisCallResult<FoundEntry>>(cancellationToken);
        }

        // While the circuit is open nothing queues: there is nothing to wait for.
        if (_breaker.IsOpen)
        {
            return new ValueTask<RedisCallResult<FoundEntry>>(RedisCallResult<FoundEntry>.Refused);
        }

        if (TryWait(key, out var isFirst) is { } read)
        {
            return read.AsValueTask(cancellationToken);
        }

        return isFirst ? SendOneAsync(key, cancellationToken) : new ValueTask<RedisCallResult<FoundEntry>>(RedisCallResult<FoundEntry>.Refused);
    }

    /// <summary>The reads of one caller, who has put them together already: they leave at once, in a call of their own.</summary>
    /// <param name="keys">At most <see cref="KeysPerCall"/>; behind the mark, where that is read along.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A value for each key, in their order. The mark's is missing where the keys were read at different moments.</returns>
    public async ValueTask<RedisCallResult<RedisValue[]>> ReadManyAsync(RedisKey[] keys, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var isFirst = false;
        if (_breaker.IsOpen || (_breaker.IsSuspect && !(isFirst = TryBecomeFirst())))
        {
            return RedisCallResult<RedisValue[]>.Refused;
        }

        var result = RedisCallResult<RedisValue[]>.Refused;
        try
        {
            var beganAt = _metrics?.Begin() ?? 0;
            result = await SendAsync(keys, cancellationToken).ConfigureAwait(false);
            _metrics?.End(beganAt, RedisOperation.Read, result.Status);
            return result.Error is { } error && IsSlotMoving(error)
                ? await SendOneByOneAsync(_mark is null ? keys : keys[1..], cancellationToken).ConfigureAwait(false)
                : result;
        }
        finally
        {
            if (isFirst && Take(IsTimeout(result.Error)) is { Count: > 0 } next)
            {
                _ = PumpAsync(next);
            }
        }
    }

    internal void Return(PendingRead read)
    {
        lock (_lock)
        {
            if (_spares.Count < MostSpares)
            {
                _spares.Push(read);
            }
        }
    }

    /// <summary>Null if nothing is in flight: the caller is then the one to send. Null also for those who do not wait.</summary>
    private PendingRead? TryWait(in RedisKey key, out bool isFirst)
    {
        lock (_lock)
        {
            isFirst = !_isBusy;
            _isBusy = true;
            if (isFirst || _breaker.IsSuspect)
            {
                return null;
            }

            var read = _spares.TryPop(out var spare) ? spare : new PendingRead(this);
            read.Begin(key, _timeProvider.GetTimestamp());
            _waiting.Enqueue(read);
            return read;
        }
    }

    private bool TryBecomeFirst()
    {
        lock (_lock)
        {
            return !_isBusy && (_isBusy = true);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RedisCallResult<FoundEntry>> SendOneAsync(RedisKey key, CancellationToken cancellationToken)
    {
        var ended = RedisCallResult<FoundEntry>.Refused;
        try
        {
            var beganAt = _metrics?.Begin() ?? 0;
            if (_mark is { } mark)
            {
                ended = await _breaker.ExecuteAsync(
                    static call => call.This.ReadWithMarkAsync(call.key, call.mark), (This: this, key, mark), cancellationToken)
                    .ConfigureAwait(false);
                _metrics?.End(beganAt, RedisOperation.Read, ended.Status);
                return ended;
            }

            var result = await _breaker.ExecuteAsync(
                static call => call._database.StringGetAsync(call.key, call._flags),
                (_database, key, _flags),
                cancellationToken).ConfigureAwait(false);
            _metrics?.End(beganAt, RedisOperation.Read, result.Status);
            return ended = result.TryGetValue(out var value)
                ? RedisCallResult<FoundEntry>.Ok(new FoundEntry(value))
                : result.WithoutValue<FoundEntry>();
        }
        finally
        {
            // The next call leaves before this caller goes on with its value.
            if (Take(IsTimeout(ended.Error)) is { Count: > 0 } next)
            {
                _ = PumpAsync(next);
            }
        }
    }

    private async Task<FoundEntry> ReadWithMarkAsync(RedisKey key, RedisKey mark)
    {
        try
        {
            var values = await _database.StringGetAsync([mark, key], _flags).ConfigureAwait(false);
            return new FoundEntry(values[1], values[0]);
        }
        catch (RedisServerException error) when (IsSlotMoving(error))
        {
            return new FoundEntry(await _database.StringGetAsync(key, _flags).ConfigureAwait(false));
        }
    }

    /// <summary>Sends what waits, one call after the other, until nothing does. Never throws.</summary>
    private async Task PumpAsync(ArraySegment<PendingRead> reads)
    {
        var beganAt = _metrics?.Begin() ?? 0;
        var call = SendAsync(KeysOf(reads), CancellationToken.None);
        while (reads.Count > 0)
        {
            var result = await call.ConfigureAwait(false);
            _metrics?.End(beganAt, RedisOperation.Read, result.Status);
            if (result.Error is { } error && IsSlotMoving(error))
            {
                result = await SendOneByOneAsync(Array.ConvertAll(reads.ToArray(), read => read.Key), CancellationToken.None).ConfigureAwait(false);
            }

            var next = Take(IsTimeout(result.Error));
            beganAt = _metrics?.Begin() ?? 0;
            call = next.Count > 0 ? SendAsync(KeysOf(next), CancellationToken.None) : default;
            Answer(reads, result);
            ArrayPool<PendingRead>.Shared.Return(reads.Array!, clearArray: true);
            reads = next;
        }
    }

    /// <summary>The reads of the next call, in a pooled array; none, and idle, if nothing waits.</summary>
    /// <param name="hasTimedOut">Whether the call before was not answered: who has waited for it does not wait for another one.</param>
    private ArraySegment<PendingRead> Take(bool hasTimedOut)
    {
        PendingRead[]? due = null;
        List<PendingRead>? overdue = null;
        var count = 0;
        lock (_lock)
        {
            while (count < KeysPerCall && _waiting.TryDequeue(out var read))
            {
                if (hasTimedOut || read.IsSettled || _timeProvider.GetElapsedTime(read.WaitingSince) >= _patience)
                {
                    (overdue ??= []).Add(read);
                    continue;
                }

                due ??= ArrayPool<PendingRead>.Shared.Rent(Math.Min(_waiting.Count + 1, KeysPerCall));
                due[count++] = read;
            }

            _isBusy = count > 0;
        }

        foreach (var read in overdue ?? [])
        {
            read.Answer(hasTimedOut ? RedisCallResult<FoundEntry>.Refused : RedisCallResult<FoundEntry>.Failed(WaitedTooLong));
        }

        return due is null ? default : new ArraySegment<PendingRead>(due, 0, count);
    }

    private ValueTask<RedisCallResult<RedisValue[]>> SendAsync(RedisKey[] keys, CancellationToken cancellationToken) => _breaker.ExecuteAsync(
        static call => call._database.StringGetAsync(call.keys, call._flags), (_database, keys, _flags), cancellationToken);

    /// <summary>Each goes to where its key is. Without the mark, which says nothing about reads of another moment.</summary>
    private ValueTask<RedisCallResult<RedisValue[]>> SendOneByOneAsync(RedisKey[] keys, CancellationToken cancellationToken) => _breaker.ExecuteAsync(
        static call => Task.WhenAll(Array.ConvertAll(call.keys, key => call._database.StringGetAsync(key, call._flags))),
        (_database, keys, _flags),
        cancellationToken);

    private static bool IsTimeout(Exception? error) => error is TimeoutException or TimeoutRejectedException;

    private static bool IsSlotMoving(Exception error) =>
        error is RedisServerException { Kind: RedisErrorKind.TryAgain };

    private RedisKey[] KeysOf(ArraySegment<PendingRead> reads)
    {
        var keys = new RedisKey[reads.Count + (_mark is null ? 0 : 1)];
        if (_mark is { } mark)
        {
            keys[0] = mark;
        }

        for (var i = 0; i < reads.Count; i++)
        {
            keys[i + keys.Length - reads.Count] = reads[i].Key;
        }

        return keys;
    }

    private static void Answer(ArraySegment<PendingRead> reads, RedisCallResult<RedisValue[]> result)
    {
        if (result.TryGetValue(out var values))
        {
            // The mark goes before them, where it was asked for in the same call.
            var before = values.Length - reads.Count;
            var mark = before == 0 ? RedisValue.Null : values[0];
            for (var i = 0; i < reads.Count; i++)
            {
                reads[i].Answer(RedisCallResult<FoundEntry>.Ok(new FoundEntry(values[i + before], mark)));
            }

            return;
        }

        var failure = result.IsRefused ? RedisCallResult<FoundEntry>.Refused : RedisCallResult<FoundEntry>.Failed(result.Error!);
        foreach (var read in reads)
        {
            read.Answer(failure);
        }
    }
}
