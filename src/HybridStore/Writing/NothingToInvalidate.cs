using HybridStore.Fencing;

namespace HybridStore.Writing;

/// <summary>For stores without Redis: there is no cache that could be outdated.</summary>
internal sealed class NothingToInvalidate : IInvalidator
{
    public bool IsPending(string key) => false;

    public Task<InvalidationReceipt> InvalidateAsync(
        Invalidation what, Fence? fence, IReadOnlyDictionary<string, Lease>? spared = null) =>
        Task.FromResult(InvalidationReceipt.AlreadyApplied);

    public Task<bool> TryFenceAsync(Invalidation what, Fence fence, IReadOnlyDictionary<string, Lease>? spared = null) =>
        Task.FromResult(true);

    public Task<InvalidationReceipt> FlushAsync() => Task.FromResult(InvalidationReceipt.AlreadyApplied);
}
