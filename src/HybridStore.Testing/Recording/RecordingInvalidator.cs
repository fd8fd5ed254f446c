using HybridStore.Fencing;
using HybridStore.Writing;

namespace HybridStore.Testing.Recording;

/// <summary>Records the invalidations that come this way.</summary>
internal sealed class RecordingInvalidator(IInvalidator inner, StoreRecords records, InvalidationCause cause) : IInvalidator
{
    public bool IsPending(string key) => inner.IsPending(key);

    public async Task<InvalidationReceipt> InvalidateAsync(
        Invalidation what, Fence? fence, IReadOnlyDictionary<string, Lease>? spared = null)
    {
        var receipt = await inner.InvalidateAsync(what, fence, spared).ConfigureAwait(false);
        if (what.Keys.Count > 0 || what.Tags.Count > 0)
        {
            records.Add(new RecordedInvalidation(cause, what with { TransactionId = fence?.TransactionId ?? what.TransactionId }, receipt));
        }

        return receipt;
    }

    public Task<bool> TryFenceAsync(Invalidation what, Fence fence, IReadOnlyDictionary<string, Lease>? spared = null) =>
        inner.TryFenceAsync(what, fence, spared);

    public async Task<InvalidationReceipt> FlushAsync()
    {
        var receipt = await inner.FlushAsync().ConfigureAwait(false);
        records.Add(new RecordedInvalidation(InvalidationCause.Flush, new Invalidation(), receipt));
        return receipt;
    }
}
