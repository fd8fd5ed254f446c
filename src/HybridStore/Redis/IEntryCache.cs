using HybridStore.Fencing;
using HybridStore.Resilience;

namespace HybridStore.Redis;

/// <summary>Where entries are kept: Redis, or what stands in for it in an application's unit tests. Trouble is an outcome and never an
/// exception.</summary>
internal interface IEntryCache
{
    /// <summary>Whether it may forget which entries a tag has, and that is not accepted.</summary>
    bool RefusesTags { get; }

    /// <summary>Moves when it has come back from an outage. What was read meanwhile is not to be trusted.</summary>
    int Recoveries { get; }

    /// <summary>Whether reads of this key are answered without it at the moment.</summary>
    bool IsAway(string key);

    /// <summary>Whether that is so only until what was written during an outage is applied.</summary>
    bool IsRecovering(string key);

    /// <summary>The number of the generation that is read and stored in; 0 while it is not known.</summary>
    long Generation { get; }

    /// <summary>Reads an entry; a null value is a miss.</summary>
    ValueTask<RedisCallResult<FoundEntry>> ReadAsync(string key, bool allowReplicas, CancellationToken cancellationToken);

    /// <summary>Reads an entry together with the applied mark of its partition.</summary>
    /// <param name="key">The key.</param>
    /// <param name="allowReplicas">Whether a replica may answer.</param>
    /// <param name="isBounded">Whether the caller judges by the mark how old the entry may be, also after an outage.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<RedisCallResult<FoundEntry>> ReadMarkedAsync(
        string key, bool allowReplicas, bool isBounded, CancellationToken cancellationToken);

    /// <summary>Reads many entries at once, as of one moment for each partition, up to <see cref="CombinedReads.ReadCombiner.KeysPerCall"/>.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="allowReplicas">Whether replicas may answer.</param>
    /// <param name="withMark">Whether the applied marks are read along.</param>
    /// <param name="isBounded">Whether the caller judges by the marks how old entries may be, also after an outage.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>An answer for each key, in their order.</returns>
    ValueTask<RedisCallResult<FoundEntry>[]> ReadManyAsync(
        IReadOnlyList<string> keys, bool allowReplicas, bool withMark, bool isBounded, CancellationToken cancellationToken);

    /// <summary>Asks for the lease of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="seen">The first 32 bytes of the entry that the caller has seen and does not want; empty if it has seen none.</param>
    /// <param name="cancellationToken">Ends the wait; a lease that is granted all the same ends by itself.</param>
    ValueTask<RedisCallResult<LeaseAnswer>> LeaseAsync(string key, ReadOnlyMemory<byte> seen, CancellationToken cancellationToken);

    /// <summary>Asks for the leases of many keys at once.</summary>
    /// <param name="keys">The keys, each with the first 32 bytes of the entry that the caller has seen and does not want.</param>
    /// <param name="purpose">What they are for.</param>
    /// <param name="cancellationToken">Ends the wait; leases that are granted all the same end by themselves.</param>
    /// <returns>An answer for each key, in their order.</returns>
    ValueTask<RedisCallResult<LeaseAnswer>[]> LeaseManyAsync(
        IReadOnlyList<(string Key, ReadOnlyMemory<byte> Seen)> keys, LeasePurpose purpose, CancellationToken cancellationToken);

    /// <summary>Asks for the lease of a key for a write that is going to store what it writes; an entry does not stand in its way.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait; a lease that is granted all the same ends by itself.</param>
    ValueTask<RedisCallResult<LeaseAnswer>> LeaseForWriteAsync(string key, CancellationToken cancellationToken);

    /// <summary>Stores an entry, or says why it was refused. Whoever reads once this has returned its task comes behind it.</summary>
    ValueTask<RedisCallResult<StoreAnswer>> StoreAsync(StoreCommand command);

    /// <summary>The same for entries that one load has brought. The commands are on their way when this returns its tasks, which never
    /// fault.</summary>
    /// <returns>The calls that they go in: which of the entries, and an answer for each of those.</returns>
    IReadOnlyList<StoreCall> StoreMany(IReadOnlyList<StoreCommand> commands);

    /// <summary>Gives back a lease that is of no use any more: true if it was still held. One that is not given back ends by
    /// itself.</summary>
    ValueTask<RedisCallResult<bool>> ReleaseAsync(string key, Lease lease);

    /// <summary>Lets a lease that is still held last longer, but not beyond the time after which nothing is stored under it.</summary>
    ValueTask<RedisCallResult<RenewAnswer>> RenewAsync(string key, Lease lease);
}
