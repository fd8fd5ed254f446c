using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using HybridStore.Realtime.Redis;
using HybridStore.Realtime.Snapshots;
using HybridStore.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>The calls of all boards: each is repeated when Redis has lost the board, once it is restored, and when somebody else has put
/// something where it belongs, once that is removed.</summary>
internal sealed class BoardCalls(
    RedisLink link, LeaderboardOptions options, Restorer? restorer, BoardKind kind, TimeProvider timeProvider)
{
    public const int UpdatesPerCall = 500;

    private const int LeadingArguments = 4;
    private const int Attempts = 3;

    // Long enough for snapshots that are late.
    private static readonly TimeSpan ShortestMemoryOfDeletion = TimeSpan.FromHours(1);

    private static readonly RedisValue[] Types = ["zset", "hash", "set"];

    private readonly ScriptCombiner _ranks = new(link, BoardOperations.Rank, BoardScripts.Rank, [restorer is null ? "0" : "1"], timeProvider);
    private readonly BoardReads _reads = new(link, timeProvider);
    private readonly RedisValue _timeToLive = AsMilliseconds(options.Expiration);
    private readonly RedisValue _mostMembers = options.MaximumMembers ?? 0;

    /// <summary>'1' where a lost board comes back.</summary>
    public RedisValue HasSnapshots { get; } = restorer is null ? "0" : "1";

    /// <summary>Makes some changes at once; no more than <see cref="UpdatesPerCall"/>.</summary>
    /// <returns>Of each what board-update.lua says.</returns>
    public async Task<RedisResult[]> UpdateAsync(Board board, IReadOnlyList<LeaderboardUpdate> updates, CancellationToken cancellationToken)
    {
        var arguments = new RedisValue[LeadingArguments + (3 * updates.Count)];
        arguments[0] = board.OrderLetter;
        arguments[1] = _timeToLive;
        arguments[2] = _mostMembers;
        arguments[3] = board.Mark;
        for (var index = 0; index < updates.Count; index++)
        {
            var at = LeadingArguments + (3 * index);
            arguments[at] = updates[index].Operation;
            arguments[at + 1] = updates[index].Member;
            arguments[at + 2] = BoardScores.TextOf(updates[index].Value);
        }

        var answer = await EvaluateAsync(BoardOperations.Update, BoardScripts.Update, board, board.All, arguments, cancellationToken)
            .ConfigureAwait(false);
        return (RedisResult[])answer!;
    }

    /// <exception cref="InvalidOperationException">The board is kept in the other order.</exception>
    public async Task<RedisResult> EvaluateAsync(
        RealtimeOperation operation,
        RedisScript script,
        Board board,
        RedisKey[] keys,
        RedisValue[] arguments,
        CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await link.EvaluateAsync(operation, script, keys, arguments, cancellationToken).ConfigureAwait(false);
            if (TryGetAnswer(board, result, out var answer))
            {
                return answer;
            }

            await RepairAsync(board, result, attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyList<LeaderboardEntry>> PageAsync(Board board, long skip, int take, CancellationToken cancellationToken)
    {
        var result = await _reads.PageAsync(board, skip, take, cancellationToken).ConfigureAwait(false);
        if (IsFinal(result, result.TryGetValue(out var found) && found.Count > 0))
        {
            return result.OrThrow(BoardOperations.Service);
        }

        var answer = await EvaluateAsync(
            BoardOperations.Page, BoardScripts.Page, board, board.Both, [board.OrderLetter, skip, skip + take - 1, HasSnapshots], cancellationToken)
            .ConfigureAwait(false);
        return BoardEntries.Read(answer, board.Order);
    }

    /// <summary>Place and score of one moment.</summary>
    public async Task<LeaderboardEntry?> RankAsync(Board board, string member, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await _ranks.EvaluateAsync(board.Both, [board.OrderLetter, member], cancellationToken)
                .ConfigureAwait(false);
            if (TryGetAnswer(board, result, out var answer))
            {
                return BoardEntries.ReadPlace(answer, member);
            }

            await RepairAsync(board, result, attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<long> CountAsync(Board board, CancellationToken cancellationToken)
    {
        var result = await _reads.CountAsync(board, cancellationToken).ConfigureAwait(false);
        if (IsFinal(result, result.TryGetValue(out var count) && count > 0))
        {
            return result.OrThrow(BoardOperations.Service);
        }

        return (long)await EvaluateAsync(
            BoardOperations.Count,
            BoardScripts.Page,
            board,
            board.Both,
            [board.OrderLetter, 0, RedisValue.EmptyString, HasSnapshots],
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Needs nothing restored before.</summary>
    public Task DeleteAsync(Board board, CancellationToken cancellationToken)
    {
        var memory = options.Expiration > ShortestMemoryOfDeletion ? options.Expiration : ShortestMemoryOfDeletion;
        return EvaluateAsync(
            BoardOperations.Delete, BoardScripts.Delete, board, board.All, [AsMilliseconds(memory), board.Mark], cancellationToken);
    }

    private static RedisValue AsMilliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>False if there was none, or if the board is lost.</summary>
    /// <exception cref="InvalidOperationException">The board is kept in the other order.</exception>
    private static bool TryGetAnswer(Board board, RedisCallResult<RedisResult> result, [MaybeNullWhen(false)] out RedisResult answer)
    {
        if (!result.TryGetValue(out answer) || answer.Resp2Type != ResultType.SimpleString)
        {
            return answer is not null;
        }

        return (string?)answer == "ORDER" ? throw BoardEntries.OtherOrder(board.Order) : false;
    }

    /// <summary>Whether nothing more is to be asked. Finding something proves that the board is there; finding nothing only proves that there
    /// is nothing where no snapshot could bring it back.</summary>
    private bool IsFinal<T>(RedisCallResult<T> result, bool isSomething) => result.Status == RedisCallStatus.Ok
        ? isSomething || restorer is null
        : !RequiredAnswers.IsOfWrongType(result);

    private async Task RepairAsync<T>(Board board, RedisCallResult<T> result, int attempt, CancellationToken cancellationToken)
    {
        var isOfWrongType = RequiredAnswers.IsOfWrongType(result);
        if (!isOfWrongType && result.Status != RedisCallStatus.Ok)
        {
            throw RequiredAnswers.Unavailable(result, BoardOperations.Service);
        }

        if (attempt == Attempts)
        {
            throw new RealtimeUnavailableException(
                BoardOperations.Service,
                "Redis loses the board as soon as it is restored, or somebody else writes where it belongs. Try again, and see what evicts or "
                + "overwrites keys there.",
                result.Error);
        }

        if (restorer is null || isOfWrongType)
        {
            await ForeignKeys.DropAsync(link, BoardOperations.Delete, board.All, Types, BoardOperations.Service, cancellationToken)
                .ConfigureAwait(false);
        }
        else
        {
            await restorer.RestoreAsync(kind, board.Name, cancellationToken).ConfigureAwait(false);
        }
    }
}
