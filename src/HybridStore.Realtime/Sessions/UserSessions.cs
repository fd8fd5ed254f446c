using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Sessions;

/// <summary>Which sessions a user has, in an index of the user's own: on a cluster it is elsewhere than the sessions.</summary>
/// <remarks>
/// <para>What is in an index need not be there any more; what is there is in it. Hence a session is noted first and made then, and what is found is
/// looked at before it is told.</para>
/// <para>All sessions of a user are revoked in three steps: they are marked in the index, ended, and taken out of it. Whoever makes one looks
/// afterwards whether it is in the index without a mark, and ends it otherwise. Either the mark was there before the session: then its maker
/// sees that, since the mark stays until the session is taken out. Or the session was there before the mark: then it is ended. Who fails between
/// the steps leaves marks, and the next one goes on from there.</para>
/// </remarks>
internal sealed class UserSessions(RedisLink link, string prefix)
{
    private const int Chunk = 1000;

    private static readonly RedisScript AddScript = RealtimeScripts.Load("session-index-add.lua");
    private static readonly RedisScript ListScript = RealtimeScripts.Load("session-index-list.lua");
    private static readonly RedisScript MarkScript = RealtimeScripts.Load("session-index-mark.lua");

    private static readonly RealtimeOperation AddOperation = new("sessions", "index-add");
    private static readonly RealtimeOperation CheckOperation = new("sessions", "index-check");
    private static readonly RealtimeOperation MarkOperation = new("sessions", "index-mark");
    private static readonly RealtimeOperation ListOperation = new("sessions", "index-list");
    private static readonly RealtimeOperation DropOperation = new("sessions", "index-drop");

    private readonly string _prefix = $"{prefix}:session-user:{{";

    /// <summary>Notes a session, or that it lives longer.</summary>
    /// <returns>False if it is being revoked.</returns>
    public async ValueTask<RedisCallResult<bool>> AddAsync(string userId, string handle, long milliseconds, CancellationToken cancellationToken)
    {
        var result = await link.EvaluateAsync(AddOperation, AddScript, [KeyOf(userId)], [handle, milliseconds], cancellationToken)
            .ConfigureAwait(false);
        return result.TryGetValue(out var reply) ? RedisCallResult<bool>.Ok((int)reply == 1) : result.WithoutValue<bool>();
    }

    /// <summary>Whether a session that was noted is there still, and not being revoked.</summary>
    public async ValueTask<RedisCallResult<bool>> HasAsync(string userId, string handle, CancellationToken cancellationToken)
    {
        var result = await link.ExecuteAsync(
            CheckOperation,
            KeyOf(userId),
            static (session, call) => session.Database.SortedSetScoreAsync(call.Key, call.handle, CommandFlags.DemandMaster),
            (Key: KeyOf(userId), handle),
            cancellationToken).ConfigureAwait(false);
        return result.TryGetValue(out var score) ? RedisCallResult<bool>.Ok(score > 0) : result.WithoutValue<bool>();
    }

    /// <summary>Marks all but one as being revoked, and tells which they are.</summary>
    public async ValueTask<RedisCallResult<string[]>> MarkAsync(string userId, string? except, CancellationToken cancellationToken)
    {
        var result = await link.EvaluateAsync(MarkOperation, MarkScript, [KeyOf(userId)], [except ?? ""], cancellationToken)
            .ConfigureAwait(false);
        return result.TryGetValue(out var reply) ? RedisCallResult<string[]>.Ok((string[])reply!) : result.WithoutValue<string[]>();
    }

    /// <summary>All that are noted.</summary>
    public async ValueTask<RedisCallResult<string[]>> ListAsync(string userId, CancellationToken cancellationToken)
    {
        var result = await link.EvaluateAsync(ListOperation, ListScript, [KeyOf(userId)], [], cancellationToken).ConfigureAwait(false);
        return result.TryGetValue(out var reply) ? RedisCallResult<string[]>.Ok((string[])reply!) : result.WithoutValue<string[]>();
    }

    /// <summary>Takes sessions out that are not there any more. Without an answer they stay until they would have ended, which does no harm.
    /// </summary>
    public async ValueTask DropAsync(string userId, IReadOnlyCollection<string> handles, CancellationToken cancellationToken)
    {
        foreach (var some in handles.Chunk(Chunk))
        {
            _ = await link.ExecuteAsync(
                DropOperation,
                KeyOf(userId),
                static (session, call) => session.Database.SortedSetRemoveAsync(call.Key, call.Members, CommandFlags.DemandMaster),
                (Key: KeyOf(userId), Members: Array.ConvertAll(some, handle => (RedisValue)handle)),
                cancellationToken).ConfigureAwait(false);
        }
    }

    private RedisKey KeyOf(string userId) =>
        string.Concat(_prefix, Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(userId))), "}");
}
