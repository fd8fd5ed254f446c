using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;
using HybridStore.Realtime.Diagnostics;

namespace HybridStore.Realtime.RateLimiting;

/// <summary>Counts what was asked of rate limits, by policy: names that the application has given, never keys.</summary>
internal sealed class RateLimitMetrics(RealtimeMetrics metrics)
{
    private readonly Counter<long> _leases = metrics.Meter.CreateCounter<long>(
        "hybridstore.rate_limit.leases",
        "{lease}",
        "What rate limits were asked for, by policy and result: granted, refused, refused_locally (Redis had said until when), granted_without_redis, "
        + "refused_without_redis.");

    public void Count(string policy, string result) => _leases.Add(1, metrics.Store, new(TagNames.Policy, policy), new(TagNames.Result, result));
}
