using HybridStore.Realtime.Snapshots;
using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>A board's names in Redis, all in one slot, and its order. Immutable; the same if name and order are.</summary>
internal sealed class Board : IEquatable<Board>
{
    /// <summary>As marks know boards.</summary>
    public const char Letter = 'b';

    private readonly string _tag;
    private readonly string _prefix;

    public Board(string prefix, string name, LeaderboardOrder order, bool hasSnapshots)
    {
        (_prefix, Name, _tag, Order) = (prefix, name, StructurePartition.TagOf(name), order);
        OrderLetter = order == LeaderboardOrder.HighestFirst ? "h" : "l";
        Scores = AsBytes($"{prefix}:board:{_tag}:scores:{name}");
        Members = AsBytes($"{prefix}:board:{_tag}:members:{name}");
        Both = [Scores, Members];
        All = hasSnapshots ? [Scores, Members, SnapshotKind.DirtyKey(prefix, _tag)] : Both;
        Mark = hasSnapshots ? SnapshotMark.PrefixOf(Letter, name) : RedisValue.EmptyString;
    }

    public string Name { get; }

    public LeaderboardOrder Order { get; }

    /// <summary>The order as scripts know it.</summary>
    public RedisValue OrderLetter { get; }

    public RedisKey Scores { get; }

    public RedisKey Members { get; }

    public RedisKey[] Both { get; }

    /// <summary>With the marks of the partition, if there are snapshots.</summary>
    public RedisKey[] All { get; }

    /// <summary>What marks of the board begin with; empty without snapshots.</summary>
    public RedisValue Mark { get; }

    /// <summary>Where the board is put together before it takes its place.</summary>
    public RedisKey[] Staged(string token) =>
        [$"{_prefix}:board:{_tag}:staged-scores:{token}:{Name}", $"{_prefix}:board:{_tag}:staged-members:{token}:{Name}"];

    public bool Equals(Board? other) => other is not null && Order == other.Order && Name == other.Name;

    public override bool Equals(object? obj) => Equals(obj as Board);

    public override int GetHashCode() => HashCode.Combine(Name, Order);

    // Encoded once, not with each call.
    private static RedisKey AsBytes(string name) => System.Text.Encoding.UTF8.GetBytes(name);
}
