using HybridStore.Keys;
using StackExchange.Redis;

namespace HybridStore.Realtime.Snapshots;

/// <summary>A sorted set or a hash of the application's. Safe to use from any thread.</summary>
internal sealed class TrackedKey(string prefix, string name, SnapshotStructure structure)
{
    private volatile bool _mayHaveChanged = true;

    public string Name => name;

    public SnapshotStructure Structure => structure;

    public RedisKey Key => name;

    /// <summary>As PostgreSQL knows it.</summary>
    public string Kind => structure == SnapshotStructure.SortedSet ? "sorted-set" : "hash";

    public RedisType Type => structure == SnapshotStructure.SortedSet ? RedisType.SortedSet : RedisType.Hash;

    /// <summary>A key that Redis loses along: where it is missing, what is tracked has to be put back before it is read.</summary>
    public RedisKey SeenKey { get; } = $"{prefix}:snapshot:seen:{name}";

    public bool MayHaveChanged
    {
        get => _mayHaveChanged;
        set => _mayHaveChanged = value;
    }

    public static void ThrowIfInvalid(string key, SnapshotStructure structure)
    {
        KeyRules.ThrowIfInvalidKey(key);
        if (structure is not (SnapshotStructure.SortedSet or SnapshotStructure.Hash))
        {
            throw new ArgumentOutOfRangeException(nameof(structure), structure, "structure must be SortedSet or Hash: pass one of them.");
        }
    }
}
