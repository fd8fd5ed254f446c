using HybridStore.Diagnostics.Watching;
using HybridStore.Redis;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether Redis may evict what has no time to live, as it was last told.</summary>
/// <param name="connection">The connection.</param>
/// <param name="watch">Tells the policy by name; null where servers are not watched.</param>
internal sealed class EvictionProbe(RedisConnection connection, ServerWatch? watch) : IHealthProbe
{
    public Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(Look());

    public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Well();

    private ProbeAnswer Look()
    {
        if (connection.Session is not { } session)
        {
            return ProbeAnswer.Well();
        }

        var policy = string.Join(", ", watch?.EvictionPolicies ?? []);
        (string, object)[] data =
        [
            ("redis.evicts", EvictionScopes.WordOf(session.Eviction)),
            .. policy.Length > 0 ? [("redis.eviction_policy", policy)] : Array.Empty<(string, object)>(),
        ];
        return session.Eviction == EvictionScope.Everything
            ? ProbeAnswer.Degraded(
                "Redis has a memory limit and may evict what has no time to live (maxmemory-policy allkeys-*), so "
                + (session.RefusesTags
                    ? "values with tags are not cached"
                    : "the invalidation of a tag may leave entries behind until they expire")
                + ": set maxmemory-policy to volatile-lfu or noeviction.",
                data)
            : ProbeAnswer.Well(data);
    }
}
