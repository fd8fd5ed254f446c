namespace HybridStore;

/// <summary>Shorter ways to write and to invalidate.</summary>
public static class HybridStoreWriteExtensions
{
    /// <summary>As <see cref="IHybridStore.WriteAsync"/>, for a write that returns a result. Name the type argument
    /// (<c>WriteAsync&lt;int&gt;</c>), or the overload without a result is chosen.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="write">Writes through the open transaction, names what is to be invalidated, and returns the result.</param>
    /// <param name="options">Isolation level, attempts and strictness.</param>
    /// <param name="cancellationToken">Rolls back when cancelled before COMMIT.</param>
    /// <returns>The receipt, with the result.</returns>
    /// <inheritdoc cref="IHybridStore.WriteAsync" path="/exception"/>
    public static async Task<WriteReceipt<T>> WriteAsync<T>(
        this IHybridStore store,
        Func<WriteContext, CancellationToken, Task<T>> write,
        WriteOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(write);
        T result = default!;
        var receipt = await store.WriteAsync(
            async (context, token) => result = await write(context, token).ConfigureAwait(false),
            options,
            cancellationToken).ConfigureAwait(false);
        return receipt.WithResult(result);
    }

    /// <summary>Applies an invalidation that came by another way than a write of this application: a message queue, a change-data feed, a
    /// trigger. It may come before its commit can be seen, late, and more than once: entries that reflect the change stay, and loads that do
    /// not are not cached.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">Keys whose entries the change has made outdated; may be empty.</param>
    /// <param name="tags">Tags whose entries it has made outdated; may be empty.</param>
    /// <param name="transactionId">The id of the transaction that made the change: <c>pg_current_xact_id()</c> of the database that the store
    /// reads, all 64 bits of it (not <c>xmin</c> or <c>txid_current()</c> cut to 32). PostgreSQL is asked about it, in one round trip. An id
    /// that it does not know, or cannot tell about, removes all that is named.</param>
    /// <param name="cancellationToken">Ends the wait; an invalidation that has begun goes on.</param>
    /// <returns>The receipt. See <see cref="IHybridStore.InvalidateAsync"/>.</returns>
    /// <exception cref="ArgumentException">A key or tag is malformed, or the id is below 3, where PostgreSQL begins to count.</exception>
    public static Task<InvalidationReceipt> ApplyAsync(
        this IHybridStore store,
        IEnumerable<string> keys,
        IEnumerable<string> tags,
        ulong transactionId,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(tags);
        return store.InvalidateAsync(
            new Invalidation { Keys = [.. keys], Tags = [.. tags], TransactionId = transactionId }, cancellationToken);
    }

    /// <summary>Invalidates one key. See <see cref="IHybridStore.InvalidateAsync"/>.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<InvalidationReceipt> InvalidateKeyAsync(
        this IHybridStore store, string key, CancellationToken cancellationToken = default) =>
        InvalidateKeysAsync(store, [key], cancellationToken);

    /// <summary>Invalidates several keys in as few round trips as Redis allows.</summary>
    /// <inheritdoc cref="InvalidateKeyAsync"/>
    /// <param name="store">The store.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<InvalidationReceipt> InvalidateKeysAsync(
        this IHybridStore store, IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(keys);
        return store.InvalidateAsync(new Invalidation { Keys = [.. keys] }, cancellationToken);
    }

    /// <summary>Invalidates every entry under a tag.</summary>
    /// <param name="store">The store.</param>
    /// <param name="tag">The tag.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<InvalidationReceipt> InvalidateTagAsync(
        this IHybridStore store, string tag, CancellationToken cancellationToken = default) =>
        InvalidateTagsAsync(store, [tag], cancellationToken);

    /// <summary>Invalidates every entry under any of several tags.</summary>
    /// <param name="store">The store.</param>
    /// <param name="tags">The tags.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<InvalidationReceipt> InvalidateTagsAsync(
        this IHybridStore store, IEnumerable<string> tags, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(tags);
        return store.InvalidateAsync(new Invalidation { Tags = [.. tags] }, cancellationToken);
    }
}
