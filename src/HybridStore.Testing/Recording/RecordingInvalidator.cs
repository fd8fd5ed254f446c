using HybridStore.Fencing;
using HybridStore.Writing;

namespace HybridStore.Testing.Recording;

/// <summary>Records the invalidations that come this way.</summary>
internal sealed class RecordingInvalidator(IInvalidator inner, StoreRecords records, InvalidationCause cause) : IInvalidator
{
    public bool IsPending(string key) => inner.IsPending(key);

    public async Task<InvalidationReceipt> InvalidateAsync(Invalidation what, Fence? fence)
    {
        var receipt = await inner.InvalidateAsync(what, fence).ConfigureAwait(false);
        if (what.Keys.Count > 0 || what.Tags.Count > 0)
        {
            records.Add(new RecordedInvalidation(cause, what with { TransactionId = fence?.TransactionId ?? what.TransactionId }, receipt));
        }

        return receipt;
    }

    public Task<bool> TryFenceAsync(Invalidation what, Fence fence) => inner.TryFenceAsync(what, fence);

    public async Task<InvalidationReceipt> FlushAsync()
    {
        var receipt = await inner.FlushAsync().ConfigureAwait(false);
        records.Add(new RecordedInvalidation(InvalidationCause.Flush, new Invalidation(), receipt));
        return receipt;
    }
}
