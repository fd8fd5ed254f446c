using HybridStore.Realtime.Diagnostics;
using HybridStore.Redis;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>Warns where what is meant to last is kept by a server that evicts, or that forgets in a crash.</summary>
internal static class DurabilityCheck
{
    private static readonly RedisScript Persistence = RealtimeScripts.Load("persistence.lua");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Looks at each master once. Does not throw but when cancelled: a server that does not tell is no reason not to start.</summary>
    public static async Task RunAsync(
        RedisLink link, IReadOnlyList<string> services, ILogger logger, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var names = string.Join(" and ", services);
        try
        {
            var session = link.Session ?? throw new TimeoutException("Redis has not been reached yet.");
            if (session.Eviction is EvictionScope.Expiring or EvictionScope.Everything)
            {
                RealtimeLog.MayBeEvicted(logger, names, EvictionScopes.WordOf(session.Eviction));
            }

            foreach (var master in session.Multiplexer.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
            {
                var answer = await master.ExecuteAsync("EVAL", session.TextOf(Persistence), 0)
                    .WaitAsync(Patience, timeProvider, cancellationToken).ConfigureAwait(false);
                if ((string?)answer == "0")
                {
                    RealtimeLog.IsNotPersisted(logger, names);
                    return;
                }
            }
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            RealtimeLog.DurabilityUnknown(logger, names, error);
        }
    }
}
