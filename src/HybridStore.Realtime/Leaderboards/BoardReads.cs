using HybridStore.Realtime.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>Reads of boards by bare commands. Everybody looks at the same places of the same boards: who asks for them at a time is told by one
/// call. Safe to use from any thread.</summary>
internal sealed class BoardReads
{
    private readonly RedisLink _link;
    private readonly SharedReads<(Board Board, long Skip, int Take), IReadOnlyList<LeaderboardEntry>> _pages;
    private readonly SharedReads<Board, long> _counts;

    public BoardReads(RedisLink link, TimeProvider timeProvider)
    {
        _link = link;
        _pages = new SharedReads<(Board Board, long Skip, int Take), IReadOnlyList<LeaderboardEntry>>(
            page => ReadPageAsync(page.Board, page.Skip, page.Take), new WaitLimit<IReadOnlyList<LeaderboardEntry>>(link, timeProvider));
        _counts = new SharedReads<Board, long>(ReadCountAsync, new WaitLimit<long>(link, timeProvider));
    }

    /// <exception cref="InvalidOperationException">The board is kept in the other order.</exception>
    public Task<RedisCallResult<IReadOnlyList<LeaderboardEntry>>> PageAsync(
        Board board, long skip, int take, CancellationToken cancellationToken) => _pages.ReadAsync((board, skip, take), cancellationToken);

    public Task<RedisCallResult<long>> CountAsync(Board board, CancellationToken cancellationToken) => _counts.ReadAsync(board, cancellationToken);

    private async ValueTask<RedisCallResult<IReadOnlyList<LeaderboardEntry>>> ReadPageAsync(Board board, long skip, int take)
    {
        var result = await _link.ExecuteAsync(
            BoardOperations.Page,
            board.Scores,
            static (session, page) => session.Database.SortedSetRangeByRankWithScoresAsync(
                page.Scores,
                page.skip,
                page.skip + page.take - 1,
                page.Order == LeaderboardOrder.HighestFirst ? Order.Descending : Order.Ascending,
                CommandFlags.DemandMaster),
            (board.Scores, skip, take, board.Order),
            CancellationToken.None).ConfigureAwait(false);
        return result.TryGetValue(out var found)
            ? RedisCallResult<IReadOnlyList<LeaderboardEntry>>.Ok(BoardEntries.Read(found, skip, board.Order))
            : result.WithoutValue<IReadOnlyList<LeaderboardEntry>>();
    }

    private ValueTask<RedisCallResult<long>> ReadCountAsync(Board board) => _link.ExecuteAsync(
        BoardOperations.Count,
        board.Scores,
        static (session, key) => session.Database.SortedSetLengthAsync(key, flags: CommandFlags.DemandMaster),
        board.Scores,
        CancellationToken.None);
}
