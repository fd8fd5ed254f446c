using HybridStore.Realtime.Redis;
using HybridStore.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>The scripts of boards.</summary>
internal static class BoardScripts
{
    public static readonly RedisScript Update = RealtimeScripts.Load("board-update.lua");
    public static readonly RedisScript Rank = RealtimeScripts.Load("board-rank.lua");
    public static readonly RedisScript Around = RealtimeScripts.Load("board-around.lua");
    public static readonly RedisScript Page = RealtimeScripts.Load("board-page.lua");
    public static readonly RedisScript Remove = RealtimeScripts.Load("board-remove.lua");
    public static readonly RedisScript Delete = RealtimeScripts.Load("board-delete.lua");
    public static readonly RedisScript Read = RealtimeScripts.Load("board-read.lua");
    public static readonly RedisScript Stage = RealtimeScripts.Load("board-stage.lua");
    public static readonly RedisScript Adopt = RealtimeScripts.Load("board-adopt.lua");
}
