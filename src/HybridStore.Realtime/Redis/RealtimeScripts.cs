using HybridStore.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>The Lua scripts of this assembly, each a resource with its contract in a comment on top, beside the service that runs it.</summary>
internal static class RealtimeScripts
{
    public static RedisScript Load(string resource) => RedisScript.Load(typeof(RealtimeScripts).Assembly, resource);
}
