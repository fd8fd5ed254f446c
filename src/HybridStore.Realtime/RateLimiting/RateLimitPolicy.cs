using System.Threading.RateLimiting;
using HybridStore.Realtime.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.RateLimiting;

/// <summary>One policy: asks Redis, and answers by itself while Redis is away. Safe to use from any thread.</summary>
internal sealed class RateLimitPolicy : IAsyncDisposable
{
    private static readonly RealtimeOperation Acquire = new("rate_limits", "acquire");

    private readonly ScriptCombiner _calls;
    private readonly RateLimitScript _script;
    private readonly RateLimitMetrics _metrics;
    private readonly RateLimitFallback _fallback;
    private readonly PartitionedRateLimiter<string>? _share;
    private readonly int _sharePermits;

    /// <param name="name">Its name.</param>
    /// <param name="limit">What it permits.</param>
    /// <param name="link">The way to Redis.</param>
    /// <param name="options">What holds while Redis is down.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="timeProvider">Measures.</param>
    public RateLimitPolicy(string name, RateLimit limit, RedisLink link, RateLimitsOptions options, RateLimitMetrics metrics, TimeProvider timeProvider)
    {
        (Name, Limit, _metrics) = (name, limit, metrics);
        (_script, _fallback) = (new RateLimitScript(name, limit), options.WhenRedisIsDown);
        _calls = new ScriptCombiner(link, Acquire, _script.Script, _script.Arguments, timeProvider);
        Prefix = $"{options.KeyPrefix ?? link.Prefix}:{_script.Kind}:";
        _sharePermits = LocalShare.PermitsOf(limit, options.Instances);
        _share = _fallback == RateLimitFallback.LocalShare ? LocalShare.Of(limit, options.Instances) : null;
    }

    public string Name { get; }

    public RateLimit Limit { get; }

    /// <summary>What the names of its keys in Redis begin with.</summary>
    public string Prefix { get; }

    public async ValueTask<(RateLimitAnswer Answer, bool IsFromRedis)> AcquireAsync(
        RedisKey name, string key, int permits, CancellationToken cancellationToken)
    {
        var asked = await _calls.EvaluateAsync([name], [permits], cancellationToken).ConfigureAwait(false);
        if (asked.TryGetValue(out var result) && RateLimitScript.TryParse(result, out var counted))
        {
            _metrics.Count(Name, counted.IsGranted ? "granted" : "refused");
            return (counted, true);
        }

        var answer = WithoutRedis(key, permits);
        _metrics.Count(Name, answer.IsGranted ? "granted_without_redis" : "refused_without_redis");
        return (answer, false);
    }

    public ValueTask DisposeAsync() => _share?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>It is known without asking that there are none yet.</summary>
    public void CountRefusal() => _metrics.Count(Name, "refused_locally");

    private RateLimitAnswer WithoutRedis(string key, int permits)
    {
        if (_share is null)
        {
            return new RateLimitAnswer(_fallback == RateLimitFallback.FailOpen, 0, TimeSpan.Zero);
        }

        // More than the share can never be had: refused, as if they were taken.
        if (permits > _sharePermits)
        {
            return default;
        }

        // Not the asynchronous way: zero permits would wait there until one is back.
        using var lease = _share.AttemptAcquire(key, permits);
        return new RateLimitAnswer(
            lease.IsAcquired,
            (int)(_share.GetStatistics(key)?.CurrentAvailablePermits ?? 0),
            lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : TimeSpan.Zero);
    }
}
