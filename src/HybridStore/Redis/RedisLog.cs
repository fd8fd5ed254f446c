using HybridStore.Diagnostics;
using HybridStore.Resilience;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>Event ids 1000 to 1099. No key or value is logged here.</summary>
internal static partial class RedisLog
{
    [LoggerMessage(1000, LogLevel.Information, "Redis is connected; keys are laid out in {Partitions} partition(s).")]
    public static partial void Connected(ILogger logger, int partitions);

    [LoggerMessage(1001, LogLevel.Warning, "Redis could not be reached; reads go to PostgreSQL until it can. Retrying in the background.")]
    public static partial void NotReached(ILogger logger, Exception error);

    [LoggerMessage(1002, LogLevel.Warning, "The handshake with Redis after a reconnect failed and is repeated; the layout known before stays in use.")]
    public static partial void HandshakeFailed(ILogger logger, Exception error);

    [LoggerMessage(1003, LogLevel.Warning,
        "Redis records {Recorded} partition(s) for this prefix and this instance would have chosen {Wanted}; the recorded number is used.")]
    public static partial void PartitionsAdopted(ILogger logger, int recorded, int wanted);

    [LoggerMessage(1004, LogLevel.Information,
        "Redis did not tell its version ({Kind}); it is taken as 6.2 or later. HELLO tells it, unless the command was renamed or a proxy keeps it back; scripts then cannot run on a full server.")]
    public static partial void VersionUnknown(ILogger logger, RedisErrorKind kind);

    [LoggerMessage(1005, LogLevel.Warning, "The circuit breaker of Redis is open ({Failure}): reads go to PostgreSQL without asking Redis.")]
    public static partial void CircuitOpened(ILogger logger, string failure);

    [LoggerMessage(1006, LogLevel.Information, "The circuit breaker of Redis probes.")]
    public static partial void CircuitProbes(ILogger logger);

    [LoggerMessage(1007, LogLevel.Information, "The circuit breaker of Redis is closed: Redis serves again.")]
    public static partial void CircuitClosed(ILogger logger);

    [LoggerMessage(1008, LogLevel.Information,
        "Redis did not tell what it evicts when it is full ({Kind}); grant the user INFO, or see to it that maxmemory-policy is noeviction or volatile-*.")]
    public static partial void EvictionUnknown(ILogger logger, RedisErrorKind kind);

    [LoggerMessage(1009, LogLevel.Error,
        "Redis has a memory limit and evicts also what has no time to live, such as the sets of keys under a tag (maxmemory-policy allkeys-*): values with tags are {Consequence}. Set the policy to noeviction or volatile-*.")]
    public static partial void EvictsTags(ILogger logger, string consequence);

    public static void Circuit(ILogger logger, CircuitTransition transition)
    {
        switch (transition.To)
        {
            case CircuitState.Open:
                CircuitOpened(logger, transition.Cause is null ? "unknown" : FailureLog.KindOf(transition.Cause));
                if (transition.Cause is not null)
                {
                    FailureLog.InFull(logger, transition.Cause);
                }

                break;
            case CircuitState.HalfOpen:
                CircuitProbes(logger);
                break;
            default:
                CircuitClosed(logger);
                break;
        }
    }
}
