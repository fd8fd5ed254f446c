using System.Globalization;
using System.Threading.RateLimiting;
using StackExchange.Redis;

namespace HybridStore.Realtime.RateLimiting;

/// <summary>The limiter of one key. Safe to use from any thread.</summary>
internal sealed class RedisRateLimiter(RateLimitPolicy policy, RedisKey name, string key, TimeProvider timeProvider) : RateLimiter
{
    private readonly Lock _lock = new();
    private long _usedAt = timeProvider.GetTimestamp();
    private long _available = policy.Limit.PermitLimit;
    private long _granted;
    private long _refused;

    // Below these permits none can be had until then.
    private int _refusedPermits = int.MaxValue;
    private long _refusedUntil;

    /// <summary>Never null: it holds nothing that would be lost with it.</summary>
    public override TimeSpan? IdleDuration => timeProvider.GetElapsedTime(Volatile.Read(ref _usedAt));

    public override RateLimiterStatistics GetStatistics() => new()
    {
        CurrentAvailablePermits = Volatile.Read(ref _available),
        CurrentQueuedCount = 0,
        TotalSuccessfulLeases = Volatile.Read(ref _granted),
        TotalFailedLeases = Volatile.Read(ref _refused),
    };

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        ThrowIfTooMany(permitCount);
        return new RedisLease(default, policy.Limit.PermitLimit, isFromRedis: false, RedisLease.OnlyAsynchronously);
    }

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        ThrowIfTooMany(permitCount);
        var sentAt = timeProvider.GetTimestamp();
        Volatile.Write(ref _usedAt, sentAt);
        if (IsRefusedFor(permitCount, sentAt, out var rest))
        {
            Interlocked.Increment(ref _refused);
            policy.CountRefusal();
            return new RedisLease(
                new RateLimitAnswer(false, (int)Volatile.Read(ref _available), rest), policy.Limit.PermitLimit, isFromRedis: true, reason: null);
        }

        var (answer, isFromRedis) = await policy.AcquireAsync(name, key, permitCount, cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref answer.IsGranted ? ref _granted : ref _refused);
        if (isFromRedis)
        {
            Volatile.Write(ref _available, answer.Remaining);
            if (!answer.IsGranted)
            {
                Remember(permitCount, sentAt, answer.RetryAfter);
            }
        }

        return new RedisLease(answer, policy.Limit.PermitLimit, isFromRedis, isFromRedis ? null : RedisLease.RedisIsAway);
    }

    private void ThrowIfTooMany(int permitCount)
    {
        if (permitCount > policy.Limit.PermitLimit)
        {
            throw new ArgumentOutOfRangeException(
                nameof(permitCount),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{permitCount} permits can never be had: the limit of the policy is {policy.Limit.PermitLimit}. Ask for fewer, or raise the limit."));
        }
    }

    private bool IsRefusedFor(int permits, long now, out TimeSpan rest)
    {
        lock (_lock)
        {
            rest = permits >= _refusedPermits ? timeProvider.GetElapsedTime(now, _refusedUntil) : TimeSpan.Zero;
            return rest > TimeSpan.Zero;
        }
    }

    /// <summary>Counted from when it was asked, so that no permit is refused that is there.</summary>
    private void Remember(int permits, long sentAt, TimeSpan retryAfter)
    {
        var until = sentAt + (long)(retryAfter.TotalSeconds * timeProvider.TimestampFrequency);
        lock (_lock)
        {
            (_refusedPermits, _refusedUntil) = (permits, until);
        }
    }
}
