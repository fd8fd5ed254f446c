using HybridStore.Consistency.Workers;
using StackExchange.Redis;

namespace HybridStore.Consistency.Peers;

/// <summary>How the peers' client reaches Redis: it connects by itself when Redis is back, and waits for an answer no longer than a
/// second.</summary>
internal static class PeerRedis
{
    private const int TimeoutInMilliseconds = 1000;

    public static ConfigurationOptions Configuration(WorkerPlan plan)
    {
        var configuration = ConfigurationOptions.Parse(plan.Redis);
        configuration.AbortOnConnectFail = false;
        configuration.AsyncTimeout = TimeoutInMilliseconds;
        configuration.SyncTimeout = TimeoutInMilliseconds;
        return configuration;
    }
}
