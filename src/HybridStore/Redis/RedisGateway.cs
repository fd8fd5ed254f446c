using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>
/// The only place that talks to Redis. Every call is bounded by the time-out and runs through the circuit breaker of its
/// partition; trouble is an outcome and never an exception.
/// </summary>
internal sealed class RedisGateway(RedisConnection connection, RedisClock clock, TimeProvider timeProvider)
{
    /// <summary>Members of tag sets that one call removes: about a millisecond of Redis's time.</summary>
    internal const int MembersPerCall = 1000;

    /// <summary>Keys and tags that one call names.</summary>
    internal const int NamesPerCall = 1000;

    /// <summary>Whether a read would ask Redis now.</summary>
    public bool IsAvailable => connection.Session is { } session && !session.IsOpenEverywhere;

    /// <summary>Reads an entry; a null value is a miss. Refused while Redis has never been reached or the circuit is open.</summary>
    public ValueTask<RedisCallResult<RedisValue>> ReadAsync(string key, bool allowReplicas, CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            connection.Start();
            return new ValueTask<RedisCallResult<RedisValue>>(RedisCallResult<RedisValue>.Refused);
        }

        var partition = session.Layout.PartitionOf(key);
        var readers = allowReplicas ? session.ReplicaReaders : session.Readers;
        return readers[partition].ReadAsync(session.Layout.Entry(partition, key), cancellationToken);
    }

    /// <summary>Stores an entry and registers its key under its tags. The command is on its way, behind all commands sent before it,
    /// when this returns its task.</summary>
    public Task<RedisCallResult<bool>> StoreAsync(
        string key, ReadOnlyMemory<byte> entry, TimeSpan timeToLive, IReadOnlyList<string> tags)
    {
        if (connection.Session is not { } session)
        {
            return Task.FromResult(RedisCallResult<bool>.Refused);
        }

        var partition = session.Layout.PartitionOf(key);
        var keys = new RedisKey[1 + tags.Count];
        keys[0] = session.Layout.Entry(partition, key);
        for (var i = 0; i < tags.Count; i++)
        {
            keys[i + 1] = session.Layout.TagSet(partition, tags[i]);
        }

        RedisValue[] arguments = [entry, Math.Max(1, (long)timeToLive.TotalMilliseconds), key];
        return session.Breakers[partition].ExecuteAsync(
            static call => call.Gateway.StoreAsync(call.session, call.keys, call.arguments),
            (Gateway: this, session, keys, arguments),
            CancellationToken.None).AsTask();
    }

    /// <summary>Invalidates everything named, in as few calls as possible. False if any part could not be applied; repeating it is
    /// harmless.</summary>
    /// <param name="keys">Keys.</param>
    /// <param name="tags">Tags.</param>
    /// <param name="probing">Also call while the circuit is open, for those who queue and try again by themselves.</param>
    public async Task<bool> InvalidateAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, bool probing)
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
            calls.Add(InvalidateAsync(session, call, probing));
        }

        var applied = true;
        foreach (var call in calls)
        {
            applied &= await call.ConfigureAwait(false);
        }

        return applied;
    }

    /// <summary>Removes all entries and tag sets of the store, found by SCAN on every master. False if Redis failed in between.</summary>
    public async Task<bool> RemoveEverythingAsync(CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            return false;
        }

        try
        {
            foreach (var server in session.Multiplexer.GetServers().Where(server => !server.IsReplica))
            {
                // Entries first: a tag set that went before its entries could not be used to invalidate them meanwhile.
                foreach (var pattern in session.Layout.EntryPatterns.Concat(session.Layout.TagSetPatterns))
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

    private async Task<bool> InvalidateAsync(RedisSession session, InvalidationCall call, bool probing)
    {
        RedisValue[] arguments = [call.Entries, (byte[])session.Layout.EntryPrefix(call.Partition)!, MembersPerCall];
        var breaker = session.Breakers[call.Partition];
        while (true)
        {
            var state = (Gateway: this, session, call.Keys, arguments);
            var result = probing
                ? await breaker.ExecuteBypassingAsync(SendInvalidation, state, CancellationToken.None).ConfigureAwait(false)
                : await breaker.ExecuteAsync(SendInvalidation, state, CancellationToken.None).ConfigureAwait(false);
            if (!result.TryGetValue(out var finished))
            {
                return false;
            }

            if (finished)
            {
                return true;
            }
        }
    }

    private static Task<bool> SendInvalidation(
        (RedisGateway Gateway, RedisSession Session, RedisKey[] Keys, RedisValue[] Arguments) call) =>
        call.Gateway.InvalidateOnceAsync(call.Session, call.Keys, call.Arguments);

    private async Task<bool> InvalidateOnceAsync(RedisSession session, RedisKey[] keys, RedisValue[] arguments)
    {
        var sentAt = timeProvider.GetTimestamp();
        var answer = await session.Database.ScriptEvaluateAsync(
            RedisScript.Invalidate.For(session.KnowsScriptFlags), keys, arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
        clock.Observe((long)answer[0], sentAt, timeProvider.GetTimestamp());
        return (int)answer[1] == 0;
    }

    private async Task<bool> StoreAsync(RedisSession session, RedisKey[] keys, RedisValue[] arguments)
    {
        var sentAt = timeProvider.GetTimestamp();
        var answer = await session.Database.ScriptEvaluateAsync(
            RedisScript.Store.For(session.KnowsScriptFlags), keys, arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
        clock.Observe((long)answer, sentAt, timeProvider.GetTimestamp());
        return true;
    }
}
