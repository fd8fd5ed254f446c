using HybridStore.Keys;
using HybridStore.Realtime.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>A board, as applications see it. Holds nothing but its names.</summary>
internal sealed class RedisLeaderboard(BoardCalls calls, BoardUpdates combined, Board board) : ILeaderboard
{
    private const int MostPlaces = 10_000;
    private const int MostNeighbours = 5_000;

    public string Name => board.Name;

    public LeaderboardOrder Order => board.Order;

    public Task SetAsync(string member, double score, CancellationToken cancellationToken = default)
    {
        BoardScores.ThrowIfNoScore(score);
        return ChangeAsync(LeaderboardUpdate.Set(member, score), cancellationToken);
    }

    public async Task<double> AddAsync(string member, double delta, CancellationToken cancellationToken = default)
    {
        BoardScores.ThrowIfNoScore(delta);
        var answer = await ChangeAsync(LeaderboardUpdate.Add(member, delta), cancellationToken).ConfigureAwait(false);
        return BoardScores.Read(BoardEntries.Bytes(answer)[1..]);
    }

    public async Task<bool> KeepBestAsync(string member, double score, CancellationToken cancellationToken = default)
    {
        BoardScores.ThrowIfNoScore(score);
        var answer = await ChangeAsync(LeaderboardUpdate.KeepBest(member, score), cancellationToken).ConfigureAwait(false);
        return BoardEntries.Bytes(answer)[0] == '+';
    }

    public Task UpdateAsync(IReadOnlyList<LeaderboardUpdate> updates, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        for (var index = 0; index < updates.Count; index++)
        {
            if (updates[index].Operation is null)
            {
                throw new ArgumentException($"updates[{index}] was not made by Set, Add or KeepBest: make it with one of them.", nameof(updates));
            }

            BoardScores.ThrowIfNoScore(updates[index].Value, $"updates[{index}]");
            KeyRules.ThrowIfInvalidKeyAt(index, updates[index].Member, nameof(updates));
        }

        return UpdateInChunksAsync(updates, cancellationToken);
    }

    public Task<IReadOnlyList<LeaderboardEntry>> TopAsync(int count, CancellationToken cancellationToken = default)
    {
        NumberRange.ThrowIfOutside(count, 1, MostPlaces);
        return calls.PageAsync(board, 0, count, cancellationToken);
    }

    public Task<IReadOnlyList<LeaderboardEntry>> PageAsync(long skip, int take, CancellationToken cancellationToken = default)
    {
        NumberRange.ThrowIfOutside(skip, 0, long.MaxValue - MostPlaces);
        NumberRange.ThrowIfOutside(take, 1, MostPlaces);
        return calls.PageAsync(board, skip, take, cancellationToken);
    }

    public Task<LeaderboardEntry?> RankAsync(string member, CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(member);
        return calls.RankAsync(board, member, cancellationToken);
    }

    public async Task<IReadOnlyList<LeaderboardEntry>> AroundAsync(
        string member, int before, int after, CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(member);
        NumberRange.ThrowIfOutside(before, 0, MostNeighbours);
        NumberRange.ThrowIfOutside(after, 0, MostNeighbours);
        if (before == 0 && after == 0)
        {
            return await RankAsync(member, cancellationToken).ConfigureAwait(false) is { } alone ? [alone] : [];
        }

        var answer = await calls.EvaluateAsync(
            BoardOperations.Around,
            BoardScripts.Around,
            board,
            board.Both,
            [board.OrderLetter, member, before, after, calls.HasSnapshots],
            cancellationToken).ConfigureAwait(false);
        return answer.IsNull ? [] : BoardEntries.Read(answer, board.Order);
    }

    public Task<long> CountAsync(CancellationToken cancellationToken = default) => calls.CountAsync(board, cancellationToken);

    public async Task<bool> RemoveAsync(string member, CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(member);
        var answer = await calls.EvaluateAsync(
            BoardOperations.Remove, BoardScripts.Remove, board, board.All, [member, board.Mark], cancellationToken).ConfigureAwait(false);
        return (int)answer == 1;
    }

    public Task DeleteAsync(CancellationToken cancellationToken = default) => calls.DeleteAsync(board, cancellationToken);

    private async Task<RedisResult> ChangeAsync(LeaderboardUpdate update, CancellationToken cancellationToken)
    {
        KeyRules.ThrowIfInvalidKey(update.Member, "member");
        var answer = await combined.MakeAsync(board, update, cancellationToken).ConfigureAwait(false);
        ThrowIfInfinite(answer);
        return answer;
    }

    private async Task UpdateInChunksAsync(IReadOnlyList<LeaderboardUpdate> changes, CancellationToken cancellationToken)
    {
        foreach (var chunk in changes.Chunk(BoardCalls.UpdatesPerCall))
        {
            foreach (var answer in await calls.UpdateAsync(board, chunk, cancellationToken).ConfigureAwait(false))
            {
                ThrowIfInfinite(answer);
            }
        }
    }

    private static void ThrowIfInfinite(RedisResult answer)
    {
        if (BoardEntries.Bytes(answer)[0] == '!')
        {
            throw new OverflowException(
                "The sum of the score and what is added to it would be infinite: scores stay finite. Add less, or set the score.");
        }
    }
}
