using HybridStore.Realtime.Diagnostics;
using HybridStore.Redis;
using HybridStore.Registration;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>The ways of one store's services to their Redis servers: the store's own, and one for each other that is named. Safe to use from
/// any thread.</summary>
internal sealed class RedisLinks(IServiceProvider services, StoreRoot root, StoreRegistration registration, RealtimeMetrics metrics)
    : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(object Server, string Prefix, TimeSpan Timeout), RedisLink> _byServer = [];
    private readonly List<RedisLink> _links = [];
    private RedisLink? _shared;

    /// <exception cref="InvalidOperationException">The store runs without Redis, and the service has none of its own.</exception>
    public RedisLink For(RealtimeServiceOptions options)
    {
        lock (_lock)
        {
            if (!options.HasRedisOfItsOwn)
            {
                return _shared ??= Shared(options);
            }

            // Asked for by the service and by whoever starts it: the same factory is the same server.
            var settings = SettingsOf(options);
            var name = (options.Multiplexer ?? (object)options.RedisConnectionString!, PrefixOf(options), settings.RedisTimeout);
            if (!_byServer.TryGetValue(name, out var link))
            {
                var (connect, owned) = options.Multiplexer is { } factory
                    ? (_ => Task.FromResult(factory(services)), false)
                    : ConnectionSources.Multiplexer(services, new StoreRegistration(registration.Key), settings);
                link = Add(connect, owned, settings, PrefixOf(options));
                _byServer.Add(name, link);
            }

            return link;
        }
    }

    public async ValueTask DisposeAsync()
    {
        RedisLink[] links;
        lock (_lock)
        {
            links = [.. _links];
        }

        foreach (var link in links)
        {
            await link.DisposeAsync().ConfigureAwait(false);
        }
    }

    private RedisLink Shared(RealtimeServiceOptions options) => new(
        root.Redis ?? throw new InvalidOperationException(
            $"The {options.ServiceName} have no Redis: the store runs in pass-through mode. Give them one: UseRedis."),
        ownsConnection: false,
        root.Options,
        root.Options.KeyPrefix,
        Report,
        metrics,
        root.TimeProvider);

    private RedisLink Add(Func<CancellationToken, Task<IConnectionMultiplexer>> connect, bool owned, HybridStoreOptions settings, string prefix)
    {
        var handshake = new RedisHandshake(
            settings, new RedisClock(root.TimeProvider), root.TimeProvider, (_, transition) => Report(transition), root.Logger);
        var connection = new RedisConnection(connect, owned, handshake, root.TimeProvider, root.Logger);
        var link = new RedisLink(connection, ownsConnection: true, settings, prefix, Report, metrics, root.TimeProvider);
        _links.Add(link);
        return link;
    }

    private HybridStoreOptions SettingsOf(RealtimeServiceOptions options) => new()
    {
        RedisConnectionString = options.RedisConnectionString,

        // Of the record that a handshake leaves. A cache under the same prefix, should there be one, has another.
        KeyPrefix = $"{PrefixOf(options)}-realtime",
        RedisTimeout = options.RedisTimeout ?? root.Options.RedisTimeout,
        CircuitBreaker = root.Options.CircuitBreaker,

        // No cache is laid out there: what services keep has slots of its own.
        Partitions = 1,
    };

    private string PrefixOf(RealtimeServiceOptions options) => options.KeyPrefix ?? root.Options.KeyPrefix;

    private void Report(CircuitTransition transition) => RedisLog.Circuit(root.Logger, transition);
}
