using HybridStore.Realtime.Redis;
using HybridStore.Redis;

namespace HybridStore.Realtime.UserStates;

/// <summary>The scripts of user state.</summary>
internal static class UserStateScripts
{
    public static readonly RedisScript Get = RealtimeScripts.Load("user-state-get.lua");
    public static readonly RedisScript Change = RealtimeScripts.Load("user-state-change.lua");
    public static readonly RedisScript Delete = RealtimeScripts.Load("user-state-delete.lua");
    public static readonly RedisScript Read = RealtimeScripts.Load("user-state-read.lua");
    public static readonly RedisScript Stage = RealtimeScripts.Load("user-state-stage.lua");
    public static readonly RedisScript Adopt = RealtimeScripts.Load("user-state-adopt.lua");
}
