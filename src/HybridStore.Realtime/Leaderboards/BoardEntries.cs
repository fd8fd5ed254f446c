using System.Text;
using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>Reads places as Redis tells them.</summary>
internal static class BoardEntries
{
    /// <summary>Hexadecimal digits before the member (board-update.lua).</summary>
    public const int ArrivalLength = 14;

    /// <summary>A page that nobody can change: it has many readers.</summary>
    public static IReadOnlyList<LeaderboardEntry> Read(SortedSetEntry[] found, long skipped, LeaderboardOrder order)
    {
        var entries = new LeaderboardEntry[found.Length];
        for (var index = 0; index < found.Length; index++)
        {
            var member = (ReadOnlyMemory<byte>)found[index].Element;
            ThrowIfOtherOrder(member.Span, order);
            entries[index] = new LeaderboardEntry(MemberOf(member.Span), found[index].Score, skipped + index + 1);
        }

        return Array.AsReadOnly(entries);
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

    /// <summary>The answer of board-rank.lua; null where there is no place. A score that cannot be read is none.</summary>
    public static LeaderboardEntry? ReadPlace(RedisResult answer, string member) =>
        answer.IsNull || !BoardScores.TryRead(Bytes(answer[0]), out var score)
            ? null
            : new LeaderboardEntry(member, score, (long)answer[1] + 1);

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
