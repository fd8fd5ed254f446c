using HybridStore.Realtime.Diagnostics;
using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Sessions;

/// <summary>Knows whether the copy is ahead of Redis, as far as this process can tell, and lets Redis hear of it: at the first use after it was
/// away, and every few seconds of what other processes have left. Removes what has ended from the copy.</summary>
internal sealed class SessionCatchUp(
    IndexedSessions redis, SessionCopy copy, TimeSpan redisTimeout, TimeProvider timeProvider, ILogger logger)
    : IDisposable
{
    private const int Batch = 100;
    private const int PurgeBatch = 1000;
    private const int RoundsPerPurge = 12;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _catchingUp = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly WritesUnderWay _writes = new();
    private Task _running = Task.CompletedTask;
    private long _failedAt;
    private volatile bool _isReported;

    // How often there was a reason to doubt that Redis has what the copy has, and how many of them are dealt with.
    private long _doubts;
    private long _settled;

    /// <summary>Whether the copy alone has the say, as far as is known without finding out more.</summary>
    public bool IsBehind => Interlocked.Read(ref _doubts) != Interlocked.Read(ref _settled);

    /// <summary>Starts what is done behind the callers.</summary>
    public void Start() => _running = Task.Run(RunAsync, CancellationToken.None);

    public async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _catchingUp.Dispose();
    }

    /// <summary>Redis may not have what the copy has: it did not answer.</summary>
    /// <param name="error">Why; null: its circuit is open.</param>
    public void FallBehind(Exception? error)
    {
        Doubt();
        if (!_isReported)
        {
            _isReported = true;
            SessionLog.ServedByCopy(logger, error);
        }
    }

    /// <summary>Redis may not have what the copy has: it was away, whether anybody has noticed or not.</summary>
    public void Doubt() => Interlocked.Increment(ref _doubts);

    /// <summary>Whether the copy alone has the say. One caller at a time finds out whether Redis is back; the others wait for that, since what they
    /// would write to the copy would have to be caught up with as well.</summary>
    public ValueTask<bool> IsBehindAsync(CancellationToken cancellationToken) =>
        IsBehind ? new ValueTask<bool>(TryCatchUpAsync(cancellationToken)) : new ValueTask<bool>(false);

    /// <summary>A write to the copy alone: Redis is not trusted before it has heard of it.</summary>
    /// <param name="write">The write.</param>
    public async Task<T> WriteAsync<T>(Func<Task<T>> write)
    {
        _writes.Begin();
        try
        {
            return await write().ConfigureAwait(false);
        }
        finally
        {
            // In this order: who waits for the end of all writes looks at what they have left.
            Doubt();
            _writes.End();
        }
    }

    private async Task<bool> TryCatchUpAsync(CancellationToken cancellationToken)
    {
        if (HasJustFailed())
        {
            return true;
        }

        await _catchingUp.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!IsBehind || HasJustFailed())
            {
                return IsBehind;
            }

            if (await redis.AnswersAsync(cancellationToken).ConfigureAwait(false))
            {
                await _writes.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
                var doubts = Interlocked.Read(ref _doubts);
                if (await PushAsync(cancellationToken).ConfigureAwait(false))
                {
                    Interlocked.Exchange(ref _settled, doubts);
                    if (_isReported && !IsBehind)
                    {
                        _isReported = false;
                        SessionLog.ServedByRedis(logger);
                    }

                    return IsBehind;
                }
            }

            Volatile.Write(ref _failedAt, timeProvider.GetTimestamp());
        }
        catch (SessionStoreUnavailableException error)
        {
            // The copy does not answer: the caller finds out.
            SessionLog.CopyFailed(logger, error);
            Volatile.Write(ref _failedAt, timeProvider.GetTimestamp());
        }
        finally
        {
            _catchingUp.Release();
        }

        return true;
    }

    /// <summary>Nobody waits in line for what has just failed.</summary>
    private bool HasJustFailed() =>
        Volatile.Read(ref _failedAt) is var at && at != 0 && timeProvider.GetElapsedTime(at) < Pause;

    /// <summary>Lets Redis hear of all that it has not heard of.</summary>
    /// <returns>Whether it has.</returns>
    private async Task<bool> PushAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        while (true)
        {
            var rows = await copy.ListAheadAsync(Batch, cancellationToken).ConfigureAwait(false);
            foreach (var (state, isRevoked) in rows)
            {
                if (!await (isRevoked ? EndAsync(state, cancellationToken) : PutAsync(state, cancellationToken)).ConfigureAwait(false))
                {
                    return false;
                }

                await copy.SettleAsync(state, isRevoked, cancellationToken).ConfigureAwait(false);
            }

            count += rows.Count;
            if (rows.Count < Batch)
            {
                if (count > 0)
                {
                    SessionLog.CaughtUp(logger, count);
                }

                return true;
            }
        }
    }

    private async Task<bool> EndAsync(SessionState state, CancellationToken cancellationToken) =>
        (await redis.RevokeAsync(state.Handle, secret: null, userId: null, cancellationToken).ConfigureAwait(false)).TryGetValue(out _);

    /// <summary>While nobody can revoke it, as in a restoration.</summary>
    private async Task<bool> PutAsync(SessionState state, CancellationToken cancellationToken)
    {
        var name = new SessionName(state.Handle, state.Secret);
        var seen = await redis.ApplyAsync(name, SessionCommand.Get.It, cancellationToken).ConfigureAwait(false);
        if (!seen.TryGetValue(out var answer))
        {
            return false;
        }

        // Where it is not found it has ended, was revoked, or has changed again.
        var isThere = true;
        await copy.RestoreAsync(
            name,
            async held =>
            {
                var put = await redis.PutAsync(held, answer.Now + (long)redisTimeout.TotalMilliseconds, cancellationToken).ConfigureAwait(false);
                isThere = put.TryGetValue(out var restored) && restored is not null;
            },
            cancellationToken).ConfigureAwait(false);
        return isThere;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, timeProvider);
        for (var round = 1; ; round++)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
                {
                    return;
                }

                _ = IsBehind
                    ? await TryCatchUpAsync(_stopping.Token).ConfigureAwait(false)
                    : await PushAsync(_stopping.Token).ConfigureAwait(false);

                if (round % RoundsPerPurge == 0)
                {
                    while (await copy.PurgeAsync(PurgeBatch, _stopping.Token).ConfigureAwait(false) == PurgeBatch)
                    {
                    }
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (SessionStoreUnavailableException error)
            {
                SessionLog.CopyFailed(logger, error);
            }
        }
    }
}
