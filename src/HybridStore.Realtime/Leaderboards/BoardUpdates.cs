using HybridStore.Realtime.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>Makes changes of many callers to one board by one call, in the order in which they came. Safe to use from any thread.</summary>
internal sealed class BoardUpdates(BoardCalls calls)
{
    private readonly CallCombiner<Board, LeaderboardUpdate, RedisResult> _changes = new(
        async (board, changes) => await calls.UpdateAsync(board, changes, CancellationToken.None).ConfigureAwait(false),
        BoardCalls.UpdatesPerCall);

    /// <returns>What board-update.lua says of it.</returns>
    public Task<RedisResult> MakeAsync(Board board, LeaderboardUpdate update, CancellationToken cancellationToken) =>
        _changes.MakeAsync(board, update, cancellationToken);
}
