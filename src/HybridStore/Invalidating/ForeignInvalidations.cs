using HybridStore.Fencing;
using HybridStore.Postgres;
using HybridStore.Writing;

namespace HybridStore.Invalidating;

/// <summary>Invalidations of changes that were made past the store. What they say of the write is looked up in PostgreSQL first: they may
/// come before its commit can be seen, and long after.</summary>
/// <param name="invalidator">Applies them.</param>
/// <param name="transactions">Null where nothing is cached.</param>
internal sealed class ForeignInvalidations(IInvalidator invalidator, TransactionLookup? transactions)
{
    public async Task<InvalidationReceipt> InvalidateAsync(Invalidation what)
    {
        Fence? fence = what.TransactionId is { } id && transactions is not null && (what.Keys.Count > 0 || what.Tags.Count > 0)
            ? await transactions.FindAsync(id).ConfigureAwait(false)
            : null;
        return await invalidator.InvalidateAsync(what, fence).ConfigureAwait(false);
    }

    public Task<InvalidationReceipt> FlushAsync() => invalidator.FlushAsync();
}
