using HybridStore.Realtime.Redis;

namespace HybridStore.Realtime.UserStates;

/// <summary>What user state asks Redis for.</summary>
internal static class UserStateOperations
{
    public const string Service = "user state";

    // Not with its space: this names spans and measurements.
    private const string Measured = "user_state";

    public static readonly RealtimeOperation Get = new(Measured, "get");
    public static readonly RealtimeOperation GetAll = new(Measured, "get_all");
    public static readonly RealtimeOperation Change = new(Measured, "change");
    public static readonly RealtimeOperation Delete = new(Measured, "delete");
    public static readonly RealtimeOperation Snapshot = new(Measured, "snapshot");
    public static readonly RealtimeOperation Restore = new(Measured, "restore");
}
