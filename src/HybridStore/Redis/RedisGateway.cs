using System.Runtime.CompilerServices;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Recovering;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>
/// Entries in Redis. Every call is bounded by the time-out and runs through the circuit breaker of its partition; trouble is an outcome
/// and never an exception.
/// </summary>
internal sealed class RedisGateway(
    RedisConnection connection,
    RedisGenerations generations,
    RecoveryGate recovery,
    RedisClock clock,
    TimeProvider timeProvider,
    RedisMetrics? metrics = null) : IEntryCache
{
    private readonly BatchReads _batches = new(generations, recovery);
    private readonly LeaseCalls _leases = new(generations, metrics);
    private readonly StoreCalls _stores = new(generations, clock, timeProvider, metrics);

    /// <summary>Whether Redis may forget which entries a tag has, and that is not accepted.</summary>
    public bool RefusesTags => connection.Session is { RefusesTags: true };

    public int Recoveries => recovery.Recoveries;

    /// <summary>Whether Redis has never been reached, the circuit of the key's partition is not closed, or it is not read yet.</summary>
    public bool IsAway(string key) =>
        connection.Session is not { } session
        || session.Layout.PartitionOf(key) is var partition
            && (!session.Breakers[partition].IsClosed || recovery.IsShut(partition));

    public bool IsRecovering(string key) => connection.Session is { } session && recovery.IsShut(session.Layout.PartitionOf(key));

    public long Generation => connection.Session?.Generations.Current?.Number ?? 0;

    /// <summary>Reads an entry; a null value is a miss. Refused while Redis has never been reached or the circuit is open.</summary>
    public ValueTask<RedisCallResult<FoundEntry>> ReadAsync(string key, bool allowReplicas, CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            connection.Start();
            return new ValueTask<RedisCallResult<FoundEntry>>(RedisCallResult<FoundEntry>.Refused);
        }

        var partition = session.Layout.PartitionOf(key);
        if (recovery.IsShut(partition))
        {
            return new ValueTask<RedisCallResult<FoundEntry>>(RedisCallResult<FoundEntry>.Refused);
        }

        if (session.Generations.ProvenFor(partition, out var isDue) is not { } generation)
        {
            return ReadUnprovenAsync(session, partition, key, allowReplicas, cancellationToken);
        }

        if (isDue)
        {
            generations.ProveBehind(session, partition);
        }

        return session.Readers.Of(partition, allowReplicas, withMark: false).ReadAsync(generation.Entry(partition, key), cancellationToken);
    }

    /// <summary>Reads an entry together with the applied mark of its partition.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RedisCallResult<FoundEntry>> ReadMarkedAsync(
        string key, bool allowReplicas, bool isBounded, CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            connection.Start();
            return RedisCallResult<FoundEntry>.Refused;
        }

        var partition = session.Layout.PartitionOf(key);
        if (!isBounded && recovery.IsShut(partition))
        {
            return RedisCallResult<FoundEntry>.Refused;
        }

        var generation = session.Generations.ProvenFor(partition, out var isDue);
        if (generation is null)
        {
            var proof = await generations.ProveAsync(session, partition, cancellationToken).ConfigureAwait(false);
            if (!proof.TryGetValue(out generation))
            {
                return proof.WithoutValue<FoundEntry>();
            }
        }
        else if (isDue)
        {
            generations.ProveBehind(session, partition);
        }

        var result = await session.Readers.Of(partition, allowReplicas, withMark: true)
            .ReadAsync(generation.Entry(partition, key), cancellationToken).ConfigureAwait(false);
        return result.TryGetValue(out var found)
            ? RedisCallResult<FoundEntry>.Ok(found with { Generation = generation.Number })
            : result;
    }

    public ValueTask<RedisCallResult<FoundEntry>[]> ReadManyAsync(
        IReadOnlyList<string> keys, bool allowReplicas, bool withMark, bool isBounded, CancellationToken cancellationToken)
    {
        if (connection.Session is { } session)
        {
            return _batches.ReadAsync(session, keys, new ReadAcceptance(allowReplicas, withMark, isBounded), cancellationToken);
        }

        connection.Start();
        return new ValueTask<RedisCallResult<FoundEntry>[]>(new RedisCallResult<FoundEntry>[keys.Count]);
    }

    public ValueTask<RedisCallResult<LeaseAnswer>[]> LeaseManyAsync(
        IReadOnlyList<(string Key, ReadOnlyMemory<byte> Seen)> keys, LeasePurpose purpose, CancellationToken cancellationToken)
    {
        if (connection.Session is { } session)
        {
            return _leases.AcquireAsync(session, keys, purpose, cancellationToken);
        }

        connection.Start();
        return new ValueTask<RedisCallResult<LeaseAnswer>[]>(new RedisCallResult<LeaseAnswer>[keys.Count]);
    }

    /// <summary>Asks for the lease of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="seen">The first 32 bytes of the entry that the caller has seen and does not want; empty if it has seen none.</param>
    /// <param name="cancellationToken">Ends the wait; a lease that is granted all the same ends by itself.</param>
    public ValueTask<RedisCallResult<LeaseAnswer>> LeaseAsync(
        string key, ReadOnlyMemory<byte> seen, CancellationToken cancellationToken) =>
        LeaseAsync(key, seen, LeasePurpose.Read, cancellationToken);

    /// <summary>Asks for the lease of a key for a write that is going to store what it writes; an entry does not stand in its way.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait; a lease that is granted all the same ends by itself.</param>
    public ValueTask<RedisCallResult<LeaseAnswer>> LeaseForWriteAsync(string key, CancellationToken cancellationToken) =>
        LeaseAsync(key, ReadOnlyMemory<byte>.Empty, LeasePurpose.Write, cancellationToken);

    private ValueTask<RedisCallResult<LeaseAnswer>> LeaseAsync(
        string key, ReadOnlyMemory<byte> seen, LeasePurpose purpose, CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            connection.Start();
            return new ValueTask<RedisCallResult<LeaseAnswer>>(RedisCallResult<LeaseAnswer>.Refused);
        }

        var beganAt = metrics?.Begin() ?? 0;
        var partition = session.Layout.PartitionOf(key);
        var leasing = session.Breakers[partition].ExecuteAsync(
            static call => call._leases.SendAsync(call.session, call.partition, call.key, call.seen, call.purpose),
            (_leases, session, partition, key, seen, purpose),
            cancellationToken);
        return metrics?.Measure(beganAt, RedisOperation.Lease, leasing) ?? leasing;
    }

    /// <summary>Stores an entry, or says why it was refused. The command is on its way, behind all commands sent before it,
    /// when this returns its task.</summary>
    public ValueTask<RedisCallResult<StoreAnswer>> StoreAsync(StoreCommand command)
    {
        if (connection.Session is not { } session)
        {
            return new ValueTask<RedisCallResult<StoreAnswer>>(RedisCallResult<StoreAnswer>.Refused);
        }

        var beganAt = metrics?.Begin() ?? 0;
        var storing = session.Breakers[session.Layout.PartitionOf(command.Key)].ExecuteAsync(
            static call => call._stores.SendAsync(call.session, call.command),
            (_stores, session, command),
            CancellationToken.None);
        return metrics?.Measure(beganAt, RedisOperation.Store, storing) ?? storing;
    }

    public IReadOnlyList<StoreCall> StoreMany(IReadOnlyList<StoreCommand> commands) => connection.Session is { } session
        ? _stores.Send(session, commands)
        : [new StoreCall([.. Enumerable.Range(0, commands.Count)], Task.FromResult(RedisCallResult<StoreAnswer[]>.Refused))];

    /// <summary>Gives back a lease that is of no use any more: true if it was still held. One that is not given back ends by
    /// itself.</summary>
    public ValueTask<RedisCallResult<bool>> ReleaseAsync(string key, Lease lease)
    {
        if (connection.Session is not { } session)
        {
            return new ValueTask<RedisCallResult<bool>>(RedisCallResult<bool>.Refused);
        }

        var beganAt = metrics?.Begin() ?? 0;
        var releasing = session.Breakers[session.Layout.PartitionOf(key)].ExecuteAsync(
            static call => call.Gateway.SendReleaseAsync(call.session, call.key, call.lease),
            (Gateway: this, session, key, lease),
            CancellationToken.None);
        return metrics?.Measure(beganAt, RedisOperation.Release, releasing) ?? releasing;
    }

    /// <summary>Lets a lease that is still held last longer, but not beyond the time after which nothing is stored under it.</summary>
    public ValueTask<RedisCallResult<RenewAnswer>> RenewAsync(string key, Lease lease)
    {
        if (connection.Session is not { } session)
        {
            return new ValueTask<RedisCallResult<RenewAnswer>>(RedisCallResult<RenewAnswer>.Refused);
        }

        var beganAt = metrics?.Begin() ?? 0;
        var renewing = session.Breakers[session.Layout.PartitionOf(key)].ExecuteAsync(
            static call => call.Gateway.SendRenewAsync(call.session, call.key, call.lease),
            (Gateway: this, session, key, lease),
            CancellationToken.None);
        return metrics?.Measure(beganAt, RedisOperation.Renew, renewing) ?? renewing;
    }

    /// <summary>Nobody has asked for the generation of this partition for a while: the read goes along with the question, in the same round
    /// trip. Others who come meanwhile wait for the answer.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RedisCallResult<FoundEntry>> ReadUnprovenAsync(
        RedisSession session, int partition, string key, bool allowReplicas, CancellationToken cancellationToken)
    {
        if (session.Breakers[partition].IsOpen
            || (session.Breakers[partition].IsSuspect && session.Questions.IsUnderWay(partition)))
        {
            return RedisCallResult<FoundEntry>.Refused;
        }

        var known = session.Generations.Current;
        if (known is not null)
        {
            var along = new ReadAlong(
                known.Entry(partition, key), allowReplicas ? CommandFlags.PreferReplica : CommandFlags.DemandMaster);
            var asked = await generations.ProveAlongAsync(session, partition, along, out var isOwn)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
            if (isOwn && !asked.TryGetValue(out _))
            {
                return asked.WithoutValue<FoundEntry>();
            }

            if (isOwn && session.Generations.Current == known)
            {
                return RedisCallResult<FoundEntry>.Ok(new FoundEntry(along.Value));
            }
        }

        var proof = await generations.ProveAsync(session, partition, cancellationToken).ConfigureAwait(false);
        return proof.TryGetValue(out var current)
            ? await session.Readers.Of(partition, allowReplicas, withMark: false)
                .ReadAsync(current.Entry(partition, key), cancellationToken).ConfigureAwait(false)
            : proof.WithoutValue<FoundEntry>();
    }

    private async Task<bool> SendReleaseAsync(RedisSession session, string key, Lease lease)
    {
        var sentAt = timeProvider.GetTimestamp();
        var answer = await session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Release),
            [session.Layout.Guard(session.Layout.PartitionOf(key), key)],
            [lease.Token],
            CommandFlags.DemandMaster).ConfigureAwait(false);
        clock.Observe((long)answer[0], sentAt, timeProvider.GetTimestamp());
        return (bool)answer[1];
    }

    private async Task<RenewAnswer> SendRenewAsync(RedisSession session, string key, Lease lease)
    {
        var sentAt = timeProvider.GetTimestamp();
        var answer = await session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Renew),
            [session.Layout.Guard(session.Layout.PartitionOf(key), key)],
            [
                lease.Token,
                (long)session.Fencing.LeaseDuration.TotalMilliseconds,
                (long)session.Fencing.FenceTtl.TotalMilliseconds,
            ],
            CommandFlags.DemandMaster).ConfigureAwait(false);
        clock.Observe((long)answer[0], sentAt, timeProvider.GetTimestamp());
        return RenewAnswers.Parse((string?)answer[1]);
    }
}
