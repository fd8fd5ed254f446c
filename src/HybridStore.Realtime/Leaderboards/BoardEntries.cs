using System.Text;
using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>Reads places as Redis tells them.</summary>
internal static class BoardEntries
{
    /// <summary>Hexadecimal digits before the member (board-update.lua).</summary>
    public const int ArrivalLength = 14;

    public static IReadOnlyList<LeaderboardEntry> Read(SortedSetEntry[] found, long skipped, LeaderboardOrder order)
    {
        var entries = new LeaderboardEntry[found.Length];
        for (var index = 0; index < found.Length; index++)
        {
            var member = (ReadOnlyMemory<byte>)found[index].Element;
            ThrowIfOtherOrder(member.Span, order);
            entries[index] = new LeaderboardEntry(MemberOf(member.Span), found[index].Score, skipped + index + 1);
        }

        return entries;
    }

    /// <summary>The answer of a script: the first place, from 0, then of each place who holds it and the score.</summary>
    public static IReadOnlyList<LeaderboardEntry> Read(RedisResult answer, LeaderboardOrder order)
    {
        var parts = (RedisResult[])answer!;
        var rank = (long)parts[0] + 1;
        var entries = new LeaderboardEntry[parts.Length / 2];
        for (var index = 0; index < entries.Length; index++)
        {
            var member = Bytes(parts[(2 * index) + 1]);
            ThrowIfOtherOrder(member, order);
            entries[index] = new LeaderboardEntry(MemberOf(member), BoardScores.Read(Bytes(parts[(2 * index) + 2])), rank + index);
        }

        return entries;
    }

    /// <summary>What the hash of members tells of one: under which name the sorted set holds it, and its score.</summary>
    public static (RedisValue Physical, double Score) ReadKnown(RedisValue known, string member, LeaderboardOrder order)
    {
        var bytes = ((ReadOnlyMemory<byte>)known).Span;
        if (bytes.Length <= ArrivalLength || !BoardScores.TryRead(bytes[ArrivalLength..], out var score))
        {
            // Not ours: nothing is found under it.
            return (RedisValue.EmptyString, 0);
        }

        ThrowIfOtherOrder(bytes, order);
        var physical = new byte[ArrivalLength + Encoding.UTF8.GetByteCount(member)];
        bytes[..ArrivalLength].CopyTo(physical);
        Encoding.UTF8.GetBytes(member, physical.AsSpan(ArrivalLength));
        return (physical, score);
    }

    public static ReadOnlySpan<byte> Bytes(RedisResult result) => ((ReadOnlyMemory<byte>)(RedisValue)result).Span;

    public static InvalidOperationException OtherOrder(LeaderboardOrder order) => new(
        $"The board is kept in the other order than {order}: say the same order wherever it is asked for, or delete it first.");

    private static string MemberOf(ReadOnlySpan<byte> physical) =>
        Encoding.UTF8.GetString(physical.Length > ArrivalLength ? physical[ArrivalLength..] : []);

    private static void ThrowIfOtherOrder(ReadOnlySpan<byte> physical, LeaderboardOrder order)
    {
        // Arrivals of a board that ranks the lowest first begin at 0.
        if (physical.IsEmpty || (physical[0] == '0') != (order == LeaderboardOrder.LowestFirst))
        {
            throw OtherOrder(order);
        }
    }
}
