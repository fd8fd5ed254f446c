using System.Globalization;
using HybridStore.Fencing;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>Invalidations in Redis: one pipelined call for each partition, and further ones only for the members of large tag sets. Trouble
/// is an outcome and never an exception; repeating an invalidation is harmless.</summary>
internal sealed class RedisInvalidations(
    RedisConnection connection, RedisClock clock, TimeProvider timeProvider, ProtocolUnderTest? test = null)
{
    /// <summary>Members of tag sets that one call visits: a millisecond or two of Redis's time.</summary>
    internal const int MembersPerCall = 500;

    /// <summary>Keys and tags that one call names.</summary>
    internal const int NamesPerCall = 500;

    /// <summary>Fences that are remembered one by one, for a key or a tag.</summary>
    internal const int ExactFences = 64;

    /// <summary>Applies an invalidation. False if any part could not be applied.</summary>
    /// <param name="keys">Keys.</param>
    /// <param name="tags">Tags.</param>
    /// <param name="transactionId">The write's xid where it is known.</param>
    /// <param name="probing">Also call while the circuit is open, for those who queue and try again by themselves.</param>
    public async Task<bool> ApplyAsync(
        IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, ulong? transactionId, bool probing)
    {
        if (connection.Session is not { } session)
        {
            connection.Start();
            return false;
        }

        var plan = InvalidationPlan.Of(session.Layout, keys, tags, NamesPerCall);
        var calls = new List<Task<bool>>(plan.Count);
        foreach (var call in plan)
        {
            calls.Add(ApplyAsync(session, call, transactionId, probing));
        }

        var applied = true;
        foreach (var call in calls)
        {
            applied &= await call.ConfigureAwait(false);
        }

        return applied;
    }

    /// <summary>Removes all guards, entries and tag sets of the store, found by SCAN on every master. False if Redis failed in
    /// between.</summary>
    public async Task<bool> RemoveEverythingAsync(CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            return false;
        }

        // Guards first: loads that are under way lose their leases, and cannot store behind this. Tag sets last: until their entries are
        // gone they are needed to invalidate them.
        var patterns = session.Layout.GuardPatterns
            .Concat(session.Layout.EntryPatterns)
            .Concat(session.Layout.TagSetPatterns)
            .ToList();
        try
        {
            foreach (var server in session.Multiplexer.GetServers().Where(server => !server.IsReplica))
            {
                foreach (var pattern in patterns)
                {
                    await RemoveAsync(session, server, pattern, cancellationToken).ConfigureAwait(false);
                }
            }

            return true;
        }
        catch (Exception error) when (error is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static async Task RemoveAsync(
        RedisSession session, IServer server, string pattern, CancellationToken cancellationToken)
    {
        var found = server.KeysAsync(session.Database.Database, pattern, pageSize: 1000);
        await foreach (var batch in found.Chunk(500).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            await session.Database.KeyDeleteAsync(batch, CommandFlags.DemandMaster).ConfigureAwait(false);
        }
    }

    private static Task<Progress> Send(
        (RedisInvalidations This, RedisSession Session, InvalidationCall Call, RedisValue[] Arguments) state) =>
        state.This.SendAsync(state.Session, state.Call, state.Arguments);

    private async Task<bool> ApplyAsync(RedisSession session, InvalidationCall call, ulong? transactionId, bool probing)
    {
        var breaker = session.Breakers[call.Partition];
        RedisValue score = RedisValue.EmptyString, member = RedisValue.EmptyString;
        while (true)
        {
            RedisValue[] arguments =
            [
                call.Keys,
                transactionId is { } id ? id.ToString(CultureInfo.InvariantCulture) : RedisValue.EmptyString,
                1,
                (long)session.Fencing.FenceTtl.TotalMilliseconds,
                ExactFences,
                (byte[])session.Layout.EntryPrefix(call.Partition)!,
                MembersPerCall,
                score,
                member,
            ];
            await test.PassAsync(member.IsNullOrEmpty ? ProtocolStep.Invalidate : ProtocolStep.InvalidateMore).ConfigureAwait(false);
            var state = (this, session, call, arguments);
            var result = probing
                ? await breaker.ExecuteBypassingAsync(Send, state, CancellationToken.None).ConfigureAwait(false)
                : await breaker.ExecuteAsync(Send, state, CancellationToken.None).ConfigureAwait(false);
            if (!result.TryGetValue(out var progress))
            {
                return false;
            }

            if (progress.UnfinishedTag == 0)
            {
                return true;
            }

            call = call.From(progress.UnfinishedTag);
            (score, member) = (progress.Score, progress.Member);
        }
    }

    private async Task<Progress> SendAsync(RedisSession session, InvalidationCall call, RedisValue[] arguments)
    {
        var sentAt = timeProvider.GetTimestamp();
        var answer = await session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Invalidate), call.Names, arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
        clock.Observe((long)answer[0], sentAt, timeProvider.GetTimestamp());
        var unfinished = (int)answer[1];
        return unfinished == 0 ? default : new Progress(unfinished, (RedisValue)answer[2], (RedisValue)answer[3]);
    }

    private readonly record struct Progress(int UnfinishedTag, RedisValue Score, RedisValue Member);
}
