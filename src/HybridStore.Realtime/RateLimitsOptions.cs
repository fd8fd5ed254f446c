using HybridStore.Keys;

namespace HybridStore.Realtime;

/// <summary>The settings of rate limits: which there are, and what holds while Redis is down.</summary>
public sealed class RateLimitsOptions : RealtimeServiceOptions
{
    /// <summary>The policy that is there from the start: <see cref="RateLimit.Default"/>, unless it is added anew.</summary>
    public const string DefaultPolicy = "default";

    /// <summary>What holds while Redis cannot be asked, or does not answer in time. Default:
    /// <see cref="RateLimitFallback.FailOpen"/>.</summary>
    public RateLimitFallback WhenRedisIsDown { get; set; }

    /// <summary>How many processes share the limits: 1 to 10,000. Used by <see cref="RateLimitFallback.LocalShare"/>, which lets each have that
    /// part of a limit, and at least one permit. Default: 1.</summary>
    public int Instances { get; set; } = 1;

    internal Dictionary<string, RateLimit> Policies { get; } = new(StringComparer.Ordinal) { [DefaultPolicy] = RateLimit.Default };

    internal override string ServiceName => "rate limits";

    /// <summary>Adds a policy, or replaces the one of that name. Those who share a limit use the same name and the same key.</summary>
    /// <param name="policy">Its name: 1 to 64 characters, none of them a control character. Part of names in Redis.</param>
    /// <param name="limit">What it permits. Another limit under the same name goes on from what was counted before, unless it has another algorithm,
    /// or is a sliding window of another length.</param>
    /// <exception cref="ArgumentNullException"><paramref name="limit"/> is null.</exception>
    /// <exception cref="ArgumentException">The name is empty, too long or has control characters.</exception>
    public void Add(string policy, RateLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        if (!KeyRules.IsValid(policy) || policy.Length > 64)
        {
            throw new ArgumentException(
                $"The name of a policy must have 1 to 64 characters and no control characters, such as \"search\". It is {Excerpt.Of(policy)}.",
                nameof(policy));
        }

        Policies[policy] = limit;
    }

    internal override IEnumerable<string> Errors()
    {
        if (!Enum.IsDefined(WhenRedisIsDown))
        {
            yield return "WhenRedisIsDown must be FailOpen, FailClosed or LocalShare.";
        }

        if (Instances is < 1 or > 10_000)
        {
            yield return "Instances must be from 1 to 10,000: how many processes share the limits.";
        }
    }
}
