namespace HybridStore;

/// <summary>Shorter ways to write and to invalidate.</summary>
public static class HybridStoreWriteExtensions
{
    /// <summary>As <see cref="IHybridStore.WriteAsync"/>, for a write that returns a result. Name the type argument
    /// (<c>WriteAsync&lt;int&gt;</c>), or the overload without a result is chosen.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="write">Writes through the open transaction, names what is to be invalidated, and returns the result.</param>
    /// <param name="options">Isolation level and attempts.</param>
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
