using Npgsql;

namespace HybridStore;

/// <summary>
/// Redis in front of PostgreSQL: cache-aside reads, writes that go to PostgreSQL first and then invalidate, and
/// explicit invalidation of keys and tags.
/// </summary>
/// <remarks>
/// <para>All members are safe for concurrent use; one instance serves a whole application. Register it with
/// <c>services.AddHybridStore()</c> and take it as a constructor parameter of repositories.</para>
/// <para>If Redis is slow, full, down or holds garbage, no call fails because of it: reads go to PostgreSQL, writes
/// succeed, and invalidations that could not be applied are retried in the background.</para>
/// </remarks>
public interface IHybridStore
{
    /// <summary>Returns the cached value of <paramref name="key"/>, or loads it from PostgreSQL and caches it.</summary>
    /// <typeparam name="TState">What <paramref name="load"/> needs; passing it here keeps the delegate static, so that a
    /// hit allocates no closure.</typeparam>
    /// <typeparam name="T">The value's type as the caller wants it back, nullability included: <c>Product?</c>,
    /// <c>int</c>, <c>IReadOnlyList&lt;Product&gt;</c>. An entry that was stored as another type is a miss.</typeparam>
    /// <param name="key">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <param name="state">Handed to <paramref name="load"/>, which may run beside and after its caller: early refreshes and verifications do. What must
    /// not be used so, such as a DbContext, belongs into a load that takes only a token.</param>
    /// <param name="load">Loads the value. Calls for one key that run at the same time in one process share one load;
    /// its token is cancelled only when every caller that waits for it has gone.</param>
    /// <param name="options">How the value is stored; unset properties come from the named policy, then from the
    /// store's defaults.</param>
    /// <param name="cancellationToken">Ends this caller's wait. A load that others wait for goes on.</param>
    /// <returns>The cached or loaded value.</returns>
    /// <exception cref="ArgumentException">The key is malformed, or the policy is unknown.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> does not survive a round trip through the
    /// serializer.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="HybridStoreLoadTimeoutException">The load did not end within <see cref="EntryOptions.HardLoadTimeout"/>.</exception>
    ValueTask<T> GetAsync<TState, T>(
        string key,
        TState state,
        Func<TState, LoadContext, CancellationToken, ValueTask<T>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>Runs <paramref name="write"/> in a PostgreSQL transaction, commits it, and then invalidates the keys and
    /// tags that it named.</summary>
    /// <remarks>A write that is rolled back invalidates nothing. A failed invalidation does not fail the write: the
    /// receipt says <see cref="InvalidationStatus.Pending"/> and it is retried in the background. Inside another write of this store
    /// it joins that one (see <see cref="WriteOptions.NewTransaction"/>).</remarks>
    /// <param name="write">Writes through the open transaction and names what is to be invalidated. It is run once,
    /// unless <see cref="WriteOptions.MaxAttempts"/> asks for more.</param>
    /// <param name="options">Isolation level, attempts and strictness; default: READ COMMITTED, one attempt, strict or not as the
    /// store is set.</param>
    /// <param name="cancellationToken">Rolls back when cancelled before COMMIT; COMMIT itself and what follows are not
    /// cut short.</param>
    /// <returns>The transaction's id and the state of its invalidation.</returns>
    /// <exception cref="FencesNotSetException">The write is strict and aborts where Redis does not take its fences; it is rolled
    /// back.</exception>
    /// <exception cref="CommitOutcomeUnknownException">COMMIT was sent and its answer never came. Everything named has
    /// been invalidated all the same.</exception>
    Task<WriteReceipt> WriteAsync(
        Func<WriteContext, CancellationToken, Task> write,
        WriteOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>Takes in a transaction of your own, of Npgsql's, Dapper's or EF Core's: what is named is invalidated when it is committed
    /// with <see cref="WriteContext.CommitAsync"/>.</summary>
    /// <remarks>Until then every <see cref="WriteAsync"/> of this store that is called from the same method, or from what it calls, joins
    /// the transaction. Committed past the store it invalidates nothing: name its keys and tags with <see cref="InvalidateAsync"/>
    /// then. Rolled back or disposed it needs nothing further.</remarks>
    /// <param name="transaction">An open transaction of the database that the store reads. It stays yours to dispose.</param>
    /// <param name="options">Strictness; isolation level and attempts are yours.</param>
    /// <returns>What names keys and tags, and commits.</returns>
    /// <exception cref="ArgumentException">The transaction has ended.</exception>
    WriteContext Enlist(NpgsqlTransaction transaction, WriteOptions? options = null);

    /// <summary>Invalidates keys and tags after a change that was made by other means than
    /// <see cref="WriteAsync"/>.</summary>
    /// <remarks>Call it after the change is committed, or name the transaction: its invalidation may also come earlier, late and more than
    /// once, and PostgreSQL is asked about it in one round trip. Loads that began before it, in any process, still answer those who wait
    /// for them, but are not cached unless they reflect the change.</remarks>
    /// <param name="what">The keys and tags, and the id of the transaction that changed them where it is known.</param>
    /// <param name="cancellationToken">Ends the wait; an invalidation that has begun goes on.</param>
    /// <returns>A receipt: <see cref="InvalidationStatus.Applied"/>, or <see cref="InvalidationStatus.Pending"/> when
    /// Redis could not be reached.</returns>
    /// <exception cref="ArgumentException">A key or tag is malformed, or the transaction's id is below 3, where PostgreSQL begins to
    /// count.</exception>
    Task<InvalidationReceipt> InvalidateAsync(Invalidation what, CancellationToken cancellationToken = default);

    /// <summary>Invalidates the whole cache: no entry that is there now is served again, by any instance. For changes that no key or tag
    /// names, such as a restored backup.</summary>
    /// <remarks>It raises the cache's generation in Redis, which costs the same whatever the cache holds; what is left of the old one is
    /// removed in the background or expires. Loads that began before answer those who wait for them and are not cached. Call it after the
    /// change is committed. The next reads all go to PostgreSQL.</remarks>
    /// <param name="cancellationToken">Ends the wait; a flush that has begun goes on.</param>
    /// <returns>After about a second, when it holds in every instance: <see cref="InvalidationStatus.Applied"/>. Or
    /// <see cref="InvalidationStatus.Pending"/> when Redis could not be reached: it is retried in the background, and this process reads
    /// nothing from Redis meanwhile.</returns>
    Task<InvalidationReceipt> FlushAsync(CancellationToken cancellationToken = default);

    /// <summary>Tells why a read of <paramref name="key"/> would hit or miss now: what Redis holds under it (never the value), what keeps a
    /// load from being stored, and what keeps this process from asking Redis.</summary>
    /// <remarks>For people and for diagnosis, not for code that decides by it: everything may change a moment later. It changes nothing.
    /// An entry does not know its tags, so all names of one Redis server are searched for them, in small steps, for at most 2 seconds:
    /// do not call it for every request. If Redis cannot be reached the answer says so. What a single caller brings along, such as a
    /// policy's schema version, is not considered; Redis's masters are asked even where reads may go to replicas.</remarks>
    /// <param name="key">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The explanation; its <see cref="EntryExplanation.ToString"/> is made for reading.</returns>
    /// <exception cref="ArgumentException">The key is malformed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<EntryExplanation> ExplainAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Returns a view of this store whose reads accept what <paramref name="readOptions"/> says. The view shares
    /// everything else with this store and is cheap to make.</summary>
    /// <param name="readOptions">What reads through the view accept.</param>
    IHybridStore With(ReadOptions readOptions);
}
