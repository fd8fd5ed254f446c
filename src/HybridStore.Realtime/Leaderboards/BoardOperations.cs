using HybridStore.Realtime.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>What boards ask Redis for.</summary>
internal static class BoardOperations
{
    public const string Service = "leaderboards";

    public static readonly RealtimeOperation Update = new(Service, "update");
    public static readonly RealtimeOperation Rank = new(Service, "rank");
    public static readonly RealtimeOperation Around = new(Service, "around");
    public static readonly RealtimeOperation Page = new(Service, "page");
    public static readonly RealtimeOperation Count = new(Service, "count");
    public static readonly RealtimeOperation Remove = new(Service, "remove");
    public static readonly RealtimeOperation Delete = new(Service, "delete");
    public static readonly RealtimeOperation Snapshot = new(Service, "snapshot");
    public static readonly RealtimeOperation Restore = new(Service, "restore");
}
