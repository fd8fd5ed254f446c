using System.Diagnostics.CodeAnalysis;
using HybridStore.Realtime.Redis;
using HybridStore.Realtime.Snapshots;
using HybridStore.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.UserStates;

/// <summary>The calls of user state: each is repeated when Redis has lost the group, once it is restored, and when somebody else has put
/// something where it belongs, once that is removed.</summary>
internal sealed class GroupCalls(RedisLink link, Restorer? restorer, UserStateKind kind, TimeProvider timeProvider)
{
    private const int Attempts = 3;

    // Long enough for snapshots that are late.
    private const long MemoryOfDeletionMilliseconds = 24 * 60 * 60 * 1000;

    private static readonly RedisValue[] Types = ["hash", "set"];

    private readonly ScriptCombiner _gets = new(link, UserStateOperations.Get, UserStateScripts.Get, [restorer is null ? "0" : "1"], timeProvider);

    public bool HasSnapshots { get; } = restorer is not null;

    public Task<RedisResult> ChangeAsync(GroupOfUser group, RedisValue[] arguments, CancellationToken cancellationToken) =>
        EvaluateAsync(UserStateOperations.Change, UserStateScripts.Change, group, arguments, cancellationToken);

    /// <summary>Needs nothing restored before.</summary>
    public Task DeleteAsync(GroupOfUser group, CancellationToken cancellationToken) => EvaluateAsync(
        UserStateOperations.Delete, UserStateScripts.Delete, group, [MemoryOfDeletionMilliseconds, group.Mark], cancellationToken);

    /// <summary>A field; null if it is not set.</summary>
    public async Task<RedisValue> GetAsync(GroupOfUser group, RedisValue field, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await _gets.EvaluateAsync([group.Hash], [field], cancellationToken).ConfigureAwait(false);
            if (TryGetAnswer(result, out var answer))
            {
                return (RedisValue)answer;
            }

            await RepairAsync(group, result, attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>All fields, and the incarnation.</summary>
    public async Task<HashEntry[]> GetAllAsync(GroupOfUser group, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await link.ExecuteAsync(
                UserStateOperations.GetAll,
                group.Hash,
                static (session, hash) => session.Database.HashGetAllAsync(hash, CommandFlags.DemandMaster),
                group.Hash,
                cancellationToken).ConfigureAwait(false);
            if (result.TryGetValue(out var found) && (!HasSnapshots || found.Length > 0))
            {
                return found;
            }

            await RepairAsync(group, result, attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<RedisResult> EvaluateAsync(
        RealtimeOperation operation, RedisScript script, GroupOfUser group, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await link.EvaluateAsync(operation, script, group.Keys, arguments, cancellationToken).ConfigureAwait(false);
            if (TryGetAnswer(result, out var answer))
            {
                return answer;
            }

            await RepairAsync(group, result, attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>False if there was none, or if the group is lost.</summary>
    private static bool TryGetAnswer(RedisCallResult<RedisResult> result, [MaybeNullWhen(false)] out RedisResult answer) =>
        result.TryGetValue(out answer) && (answer.Resp2Type != ResultType.SimpleString || (string?)answer != "LOST");

    private async Task RepairAsync<T>(GroupOfUser group, RedisCallResult<T> result, int attempt, CancellationToken cancellationToken)
    {
        var isOfWrongType = RequiredAnswers.IsOfWrongType(result);
        if (!isOfWrongType && result.Status != RedisCallStatus.Ok)
        {
            throw RequiredAnswers.Unavailable(result, UserStateOperations.Service);
        }

        if (attempt == Attempts)
        {
            throw new RealtimeUnavailableException(
                UserStateOperations.Service,
                "Redis loses the state as soon as it is restored, or somebody else writes where it belongs. Try again, and see what evicts or "
                + "overwrites keys there.",
                result.Error);
        }

        if (restorer is null || isOfWrongType)
        {
            await ForeignKeys.DropAsync(link, UserStateOperations.Delete, group.Keys, Types, UserStateOperations.Service, cancellationToken)
                .ConfigureAwait(false);
        }
        else
        {
            await restorer.RestoreAsync(kind, group.Name, cancellationToken).ConfigureAwait(false);
        }
    }
}
