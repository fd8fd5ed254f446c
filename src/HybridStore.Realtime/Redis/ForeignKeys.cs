using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>What somebody else has put where a service keeps its own.</summary>
internal static class ForeignKeys
{
    private static readonly RedisScript Drop = RealtimeScripts.Load("drop-foreign.lua");

    /// <summary>Removes what is of another type than it should be.</summary>
    /// <param name="link">The way to Redis.</param>
    /// <param name="operation">During which it was met.</param>
    /// <param name="keys">The keys of the call.</param>
    /// <param name="types">What each should be, as TYPE names it. There may be more than keys.</param>
    /// <param name="service">As messages name it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task DropAsync(
        RedisLink link, RealtimeOperation operation, RedisKey[] keys, RedisValue[] types, string service, CancellationToken cancellationToken) =>
        (await link.EvaluateAsync(operation, Drop, keys, types, cancellationToken).ConfigureAwait(false)).OrThrow(service);
}
