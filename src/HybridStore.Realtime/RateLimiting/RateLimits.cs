using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading.RateLimiting;
using HybridStore.Keys;
using HybridStore.Realtime.Redis;
using HybridStore.Realtime.Registration;

namespace HybridStore.Realtime.RateLimiting;

/// <inheritdoc cref="IRateLimits"/>
internal sealed class RateLimits : IRateLimits, IRealtimeComponent, IAsyncDisposable, IDisposable
{
    private const int LongestPlainKey = 128;

    private readonly Dictionary<string, RateLimitPolicy> _policies;
    private readonly TimeProvider _timeProvider;

    public RateLimits(RealtimeRoot root, RateLimitsOptions options)
    {
        var link = root.Links.For(options);
        var metrics = new RateLimitMetrics(root.Metrics);
        Options = options;
        _timeProvider = root.TimeProvider;
        _policies = options.Policies.ToDictionary(
            policy => policy.Key,
            policy => new RateLimitPolicy(policy.Key, policy.Value, link, options, metrics, root.TimeProvider),
            StringComparer.Ordinal);
    }

    public RealtimeServiceOptions Options { get; }

    public bool IsDurable => false;

    public bool NeedsTables => false;

    public RateLimiter For(string policy, string key)
    {
        var found = PolicyOf(policy);
        ArgumentException.ThrowIfNullOrEmpty(key);
        return New(found, key);
    }

    public PartitionedRateLimiter<TResource> Partitioned<TResource>(string policy, Func<TResource, string> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var found = PolicyOf(policy);
        return PartitionedRateLimiter.Create<TResource, string>(resource => RateLimitPartition.Get(
            key(resource) is { Length: > 0 } text
                ? text
                : throw new InvalidOperationException("The function that was given to Partitioned returned an empty key: return who or what is limited."),
            limited => New(found, limited)));
    }

    public RateLimitPartition<string> Partition(string policy, string key)
    {
        var found = PolicyOf(policy);
        ArgumentException.ThrowIfNullOrEmpty(key);
        return RateLimitPartition.Get(key, limited => (RateLimiter)New(found, limited));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _ = DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        foreach (var policy in _policies.Values)
        {
            await policy.DisposeAsync().ConfigureAwait(false);
        }
    }

    private RedisRateLimiter New(RateLimitPolicy policy, string key) =>
        new(policy, policy.Prefix + RealtimeKeys.Tag(NameOf(key)), key, _timeProvider);

    /// <summary>Keys come from users: what is long, or not text that can be a name, goes by its hash; and so does what looks like one.</summary>
    private static string NameOf(string key) => key.Length <= LongestPlainKey && key[0] != '#' && KeyRules.IsValid(key)
        ? key
        : $"#{Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(key.AsSpan())))}";

    private RateLimitPolicy PolicyOf(string policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return _policies.TryGetValue(policy, out var found)
            ? found
            : throw new ArgumentException(
                $"There is no rate limit {Excerpt.Of(policy)}: add it in AddRateLimits(limits => limits.Add(...)).", nameof(policy));
    }
}
