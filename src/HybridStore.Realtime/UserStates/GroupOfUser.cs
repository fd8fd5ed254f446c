using HybridStore.Realtime.Snapshots;
using StackExchange.Redis;

namespace HybridStore.Realtime.UserStates;

/// <summary>A group of a user: its names in Redis, all in one slot. Immutable.</summary>
internal sealed class GroupOfUser
{
    /// <summary>As marks know user state.</summary>
    public const char Letter = 'u';

    private readonly string _prefix;
    private readonly string _tag;

    public GroupOfUser(string prefix, string name, bool hasSnapshots)
    {
        (_prefix, Name, _tag) = (prefix, name, StructurePartition.TagOf(name));
        Hash = $"{prefix}:user-state:{_tag}:{name}";
        Keys = hasSnapshots ? [Hash, SnapshotKind.DirtyKey(prefix, _tag)] : [Hash];
        Mark = hasSnapshots ? SnapshotMark.PrefixOf(Letter, name) : RedisValue.EmptyString;
    }

    /// <summary>The group and the user. No group's name holds a colon, so that each name stands for one of each.</summary>
    public string Name { get; }

    public RedisKey Hash { get; }

    /// <summary>With the marks of the partition, if there are snapshots.</summary>
    public RedisKey[] Keys { get; }

    /// <summary>What marks of the group begin with; empty without snapshots.</summary>
    public RedisValue Mark { get; }

    public static string NameOf(UserStateGroup group, string userId) => $"{group.Name}:{userId}";

    /// <summary>Where the group is put together before it takes its place.</summary>
    public RedisKey Staged(string token) => $"{_prefix}:user-state-staged:{_tag}:{token}:{Name}";
}
