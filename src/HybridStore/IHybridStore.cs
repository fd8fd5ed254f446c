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

    /// <summary>Returns the cached values of many ids, and loads those that are not cached from PostgreSQL, all at once.</summary>
    /// <remarks>Redis is asked once for each of its partitions (once on a single server), and <paramref name="load"/> gets only the ids whose
    /// value it does not have: with <c>where id = any(@ids)</c> a page of a hundred rows costs one query at most. Each value is cached under its
    /// own key, under the same rules and promises as with <see cref="GetAsync"/>, which finds it there. What other callers or processes are
    /// loading at the moment is taken from them. Redis answers a hundred keys at a time; ask for hundreds, not for hundreds of
    /// thousands.</remarks>
    /// <typeparam name="TState">What <paramref name="load"/> needs.</typeparam>
    /// <typeparam name="TId">What identifies a value in the database.</typeparam>
    /// <typeparam name="T">A value's type, as with <see cref="GetAsync"/>.</typeparam>
    /// <param name="ids">What to read: any order, duplicates welcome, no null.</param>
    /// <param name="key">The key of an id, as <see cref="GetAsync"/> is given it: 1 to 1,024 UTF-8 bytes without control characters, another one
    /// for each id.</param>
    /// <param name="state">Handed to <paramref name="load"/>, which may run beside and after its caller.</param>
    /// <param name="load">Loads the values of the ids that it is given (each once), and of no others, each once. Ids without a row are left
    /// out.</param>
    /// <param name="options">How the values are stored.</param>
    /// <param name="cancellationToken">Ends this caller's wait. A load that others wait for goes on.</param>
    /// <returns>A value for each id, in the order of <paramref name="ids"/>; the default (<see langword="null"/> for classes and nullable types)
    /// for an id without a row, which is cached only with <see cref="EntryOptions.NegativeTimeToLive"/>.</returns>
    /// <exception cref="ArgumentException">An id is null (the exception names its position), a key is malformed, two ids have the same key, or
    /// the policy is unknown.</exception>
    /// <exception cref="InvalidOperationException">The load has returned an id that it was not asked for, or one twice.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> does not survive a round trip through the serializer.</exception>
    /// <exception cref="HybridStoreLoadTimeoutException">The load did not end within <see cref="EntryOptions.HardLoadTimeout"/>, and
    /// <see cref="EntryOptions.StaleOnError"/> has not kept all that was missing.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    ValueTask<IReadOnlyList<T?>> GetManyAsync<TState, TId, T>(
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        EntryOptions? options = null,
        CancellationToken cancellationToken = default)
        where TId : notnull;

    /// <summary>Returns the value of <paramref name="key"/> if it is cached, and loads nothing otherwise.</summary>
    /// <remarks>An entry counts as there if <see cref="GetAsync"/> would return it. It is not refreshed early. If Redis cannot be reached there
    /// is none.</remarks>
    /// <typeparam name="T">The value's type, as with <see cref="GetAsync"/>.</typeparam>
    /// <param name="key">1 to 1,024 UTF-8 bytes without control characters.</param>
    /// <param name="options">The options that the value is stored with: policy and schema version matter.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    /// <returns>The cached value, or none.</returns>
    /// <exception cref="ArgumentException">The key is malformed, or the policy is unknown.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> does not survive a round trip through the serializer.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    ValueTask<CachedValue<T>> TryGetAsync<T>(string key, EntryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Fills the cache before anybody asks: loads what is not cached yet of a sequence of ids, some at a time, and caches it.</summary>
    /// <remarks>Meant for what many will read at once after a deployment or a loss of Redis: the thousand products of the front page, not the
    /// whole catalogue. What is cached already, or is being loaded by somebody else, is left alone, so several processes that warm the
    /// same ids share the work. Entries are fenced as with any load: what is changed meanwhile is not cached with its old value.
    /// Loads run one after the other, and at most two batches are on their way to Redis. If Redis cannot be reached it stops, and the progress
    /// says so. See <see cref="ICacheWarmup"/> for warm-ups at start, on a schedule and after a loss of the cache.</remarks>
    /// <typeparam name="TState">What <paramref name="load"/> needs.</typeparam>
    /// <typeparam name="TId">What identifies a value in the database.</typeparam>
    /// <typeparam name="T">A value's type, as with <see cref="GetAsync"/>: that of the reads that are to find it.</typeparam>
    /// <param name="ids">What to warm, most important first: from a query, say, such as Dapper's <c>QueryUnbufferedAsync</c>.</param>
    /// <param name="key">The key of an id, as in <see cref="GetManyAsync"/>.</param>
    /// <param name="state">Handed to <paramref name="load"/>.</param>
    /// <param name="load">Loads the values of ids, as in <see cref="GetManyAsync"/>: best the same method. Ids without a row are left out and
    /// nothing is cached for them.</param>
    /// <param name="options">Size of the batches, rate and cap; default: 200 ids at a time, 10,000 in all.</param>
    /// <param name="progress">Told after each batch and at the end.</param>
    /// <param name="cancellationToken">Ends it; what is cached by then stays.</param>
    /// <returns>The final progress.</returns>
    /// <exception cref="ArgumentException">An id is null, a key is malformed, two ids have the same key, the policy is unknown, or it caches
    /// nothing.</exception>
    /// <exception cref="InvalidOperationException">The load has returned an id that it was not asked for, or one twice.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> does not survive a round trip through the serializer.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<WarmProgress> WarmAsync<TState, TId, T>(
        IAsyncEnumerable<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        WarmOptions? options = null,
        IProgress<WarmProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where TId : notnull;

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
