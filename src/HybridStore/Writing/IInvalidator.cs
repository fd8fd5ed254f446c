using HybridStore.Fencing;

namespace HybridStore.Writing;

/// <summary>Where a committed write's invalidation goes.</summary>
internal interface IInvalidator
{
    /// <summary>Whether the cache may hold this key in a state that this process knows to be outdated.</summary>
    bool IsPending(string key);

    /// <summary>Applies or queues it. Never throws, whatever the state of Redis.</summary>
    /// <param name="what">Keys and tags.</param>
    /// <param name="fence">The write where it is known.</param>
    /// <param name="spared">The leases under which the write is about to store, by their keys: they are not revoked.</param>
    Task<InvalidationReceipt> InvalidateAsync(
        Invalidation what, Fence? fence, IReadOnlyDictionary<string, Lease>? spared = null);

    /// <summary>The same at once or not at all: nothing is queued. For fences that are set before COMMIT. Never throws.</summary>
    /// <param name="what">Keys and tags.</param>
    /// <param name="fence">The write.</param>
    /// <param name="spared">The leases of the write itself, by their keys.</param>
    /// <returns>Whether Redis has taken all of it.</returns>
    Task<bool> TryFenceAsync(Invalidation what, Fence fence, IReadOnlyDictionary<string, Lease>? spared = null);

    /// <summary>The same for the whole cache.</summary>
    Task<InvalidationReceipt> FlushAsync();
}
