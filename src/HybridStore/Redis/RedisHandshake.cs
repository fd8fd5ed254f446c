using HybridStore.Diagnostics;
using HybridStore.Keys;
using HybridStore.Redis.CombinedReads;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>The first conversation with Redis: is its version supported, how are keys laid out, what time is it.</summary>
internal sealed class RedisHandshake(
    HybridStoreOptions options,
    RedisClock clock,
    TimeProvider timeProvider,
    Action<IReadOnlyList<int>, CircuitTransition> onTransition,
    ILogger logger,
    RedisMetrics? metrics = null)
{
    private const int DefaultPartitionsOnCluster = 16;

    private static readonly Version OldestSupported = new(6, 2);
    private static readonly Version FirstWithScriptFlags = new(7, 0);

    // A handshake is not on anybody's path, and a connection that is being made takes longer than an answer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Throws what the client throws, <see cref="TimeoutException"/>, or <see cref="NotSupportedException"/>.</summary>
    public async Task<RedisSession> RunAsync(
        IConnectionMultiplexer multiplexer, RedisSession? previous, CancellationToken cancellationToken)
    {
        var masters = multiplexer.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }).ToArray();
        if (masters.Length == 0)
        {
            throw new TimeoutException("No Redis master is connected.");
        }

        var knowsScriptFlags = true;
        var eviction = EvictionScope.Nothing;
        foreach (var master in masters)
        {
            var version = await VersionOfAsync(master, cancellationToken).ConfigureAwait(false);
            if (version is not null && version < OldestSupported)
            {
                throw new NotSupportedException($"Redis {version} is too old: HybridStore needs Redis 6.2 or later, or Valkey.");
            }

            knowsScriptFlags &= version >= FirstWithScriptFlags;
            var scope = await EvictionOfAsync(master, version >= FirstWithScriptFlags, cancellationToken).ConfigureAwait(false);
            eviction = scope > eviction ? scope : eviction;
        }

        var isCluster = masters[0].ServerType == ServerType.Cluster;
        var database = multiplexer.GetDatabase();
        var wanted = options.Partitions ?? (isCluster ? DefaultPartitionsOnCluster : 1);
        var (layoutVersion, partitions) = await RecordedLayoutAsync(database, wanted, knowsScriptFlags, cancellationToken).ConfigureAwait(false);
        if (layoutVersion != RedisLayout.Version)
        {
            throw new NotSupportedException(
                $"The keys under prefix \"{options.KeyPrefix}\" have layout version {layoutVersion}, this release has {RedisLayout.Version}: "
                + "give this release another KeyPrefix.");
        }

        if (partitions != wanted)
        {
            RedisLog.PartitionsAdopted(logger, partitions, wanted);
        }

        if (eviction == EvictionScope.Everything && previous?.Eviction != eviction)
        {
            RedisLog.EvictsTags(logger, options.AllowTagsUnderAllKeysEviction ? "cached all the same" : "not cached");
        }

        // The same layout keeps its breakers: a handshake does not close a circuit.
        return previous is not null && previous.Layout.Partitions.Count == partitions
            ? previous with { KnowsScriptFlags = knowsScriptFlags, Eviction = eviction }
            : NewSession(multiplexer, database, partitions, knowsScriptFlags, eviction, isCluster);
    }

    /// <summary>What the masters of a session may evict now; what they could before where none is connected.</summary>
    public async Task<EvictionScope> EvictionOfAsync(RedisSession session, CancellationToken cancellationToken)
    {
        EvictionScope? eviction = null;
        foreach (var master in session.Multiplexer.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
        {
            var scope = await EvictionOfAsync(master, session.KnowsScriptFlags, cancellationToken).ConfigureAwait(false);
            eviction = scope > eviction || eviction is null ? scope : eviction;
        }

        return eviction ?? session.Eviction;
    }

    private RedisSession NewSession(
        IConnectionMultiplexer multiplexer,
        IDatabase database,
        int partitions,
        bool knowsScriptFlags,
        EvictionScope eviction,
        bool isCluster)
    {
        var breakers = Breakers(partitions, isCluster);
        var layout = new RedisLayout(options.KeyPrefix, partitions);
        return new RedisSession(
            multiplexer,
            database,
            layout,
            new FencingTimes(options.FenceTtl, options.LeaseDuration),
            knowsScriptFlags,
            eviction,
            new GenerationRegister(layout, timeProvider),
            new PartitionQuestions(partitions),
            breakers,
            new PartitionReaders(database, layout, breakers, options.RedisTimeout, timeProvider, metrics))
        {
            AllowsTagsWhateverIsEvicted = options.AllowTagsUnderAllKeysEviction,
            IsCluster = isCluster,
            Cut = options.CutScript,
        };
    }

    private RedisCircuitBreaker[] Breakers(int partitions, bool isCluster)
    {
        var breakers = new RedisCircuitBreaker[partitions];
        for (var partition = 0; partition < partitions; partition++)
        {
            int[] concerned = isCluster ? [partition] : [.. Enumerable.Range(0, partitions)];
            breakers[partition] = isCluster || partition == 0
                ? new RedisCircuitBreaker(
                    options.CircuitBreaker, options.RedisTimeout, timeProvider, transition => onTransition(concerned, transition))
                : breakers[0];
        }

        return breakers;
    }

    private async Task<(int Version, int Partitions)> RecordedLayoutAsync(
        IDatabase database, int wanted, bool knowsScriptFlags, CancellationToken cancellationToken)
    {
        var sentAt = timeProvider.GetTimestamp();
        var answer = await database.ScriptEvaluateAsync(
            RedisScript.Layout.For(knowsScriptFlags),
            [RedisLayout.Record(options.KeyPrefix)],
            [RedisLayout.Version, wanted, PartitionMap.MaximumCount],
            CommandFlags.DemandMaster).WaitAsync(Patience, timeProvider, cancellationToken).ConfigureAwait(false);
        clock.Observe((long)answer[2], sentAt, timeProvider.GetTimestamp());
        var partitions = (int)answer[1];
        return int.IsPow2(partitions)
            ? ((int)answer[0], partitions)
            : throw new NotSupportedException(
                $"The record {options.KeyPrefix}:layout in Redis says {partitions} partitions, which is no power of two: delete it.");
    }

    /// <summary>Asked through a script, since the client keeps INFO back as well.</summary>
    private async Task<EvictionScope> EvictionOfAsync(IServer server, bool knowsScriptFlags, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await server.ExecuteAsync("EVAL", RedisScript.Eviction.For(knowsScriptFlags), 0)
                .WaitAsync(Patience, timeProvider, cancellationToken).ConfigureAwait(false);
            return EvictionScopes.Of((string?)answer[0], hasLimit: (string?)answer[1] != "0");
        }
        catch (RedisServerException error)
        {
            RedisLog.EvictionUnknown(logger, error.Kind);
            return EvictionScope.Unknown;
        }
    }

    /// <summary>Null where the question is refused: the version is then taken as supported, without what is newer.</summary>
    private async Task<Version?> VersionOfAsync(IServer server, CancellationToken cancellationToken)
    {
        try
        {
            // The client refuses INFO unless it is in admin mode, which an application's seldom is. HELLO without arguments changes
            // nothing and tells the version as well.
            var answer = await server.ExecuteAsync("HELLO").WaitAsync(Patience, timeProvider, cancellationToken).ConfigureAwait(false);
            return answer.ToDictionary().TryGetValue("version", out var text) && Version.TryParse((string?)text, out var version)
                ? version
                : null;
        }
        catch (RedisServerException error)
        {
            RedisLog.VersionUnknown(logger, error.Kind);
            return null;
        }
        catch (RedisCommandException)
        {
            RedisLog.VersionUnknown(logger, RedisErrorKind.NotPermitted);
            return null;
        }
    }
}
