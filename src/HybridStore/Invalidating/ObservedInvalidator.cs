using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Usage;
using HybridStore.Writing;

namespace HybridStore.Invalidating;

/// <summary>Counts and traces the invalidations of one source, and remembers which keys they were.</summary>
/// <param name="inner">Applies them.</param>
/// <param name="metrics">Counts.</param>
/// <param name="known">What the process remembers of keys.</param>
/// <param name="source">Who invalidates: write, application.</param>
internal sealed class ObservedInvalidator(IInvalidator inner, WriteMetrics metrics, KnownEntries known, string source) : IInvalidator
{
    public bool IsPending(string key) => inner.IsPending(key);

    public async Task<InvalidationReceipt> InvalidateAsync(
        Invalidation what, Fence? fence, IReadOnlyDictionary<string, Lease>? spared = null)
    {
        var names = what.Keys.Count + what.Tags.Count;
        if (names == 0)
        {
            return await inner.InvalidateAsync(what, fence, spared).ConfigureAwait(false);
        }

        using var span = StoreTracing.StartInvalidation(metrics.Store, source);
        known.Invalidated(what.Keys);
        var receipt = await inner.InvalidateAsync(what, fence, spared).ConfigureAwait(false);
        Tell(span, source, receipt, names);
        return receipt;
    }

    public async Task<bool> TryFenceAsync(Invalidation what, Fence fence, IReadOnlyDictionary<string, Lease>? spared = null)
    {
        var names = what.Keys.Count + what.Tags.Count;
        using var span = StoreTracing.StartInvalidation(metrics.Store, "strict");
        var isTaken = await inner.TryFenceAsync(what, fence, spared).ConfigureAwait(false);
        var result = isTaken ? "applied" : "failed";
        span?.SetTag(TagNames.Result, result).SetTag(TagNames.Names, names);
        metrics.Invalidated("strict", result, names);
        return isTaken;
    }

    public async Task<InvalidationReceipt> FlushAsync()
    {
        using var span = StoreTracing.StartInvalidation(metrics.Store, "flush");
        var receipt = await inner.FlushAsync().ConfigureAwait(false);
        Tell(span, "flush", receipt, names: 1);
        return receipt;
    }

    private void Tell(System.Diagnostics.Activity? span, string by, InvalidationReceipt receipt, int names)
    {
        // What has been queued counts as pending, however soon it is applied.
        var result = receipt == InvalidationReceipt.AlreadyApplied ? "applied" : "pending";
        span?.SetTag(TagNames.Result, result).SetTag(TagNames.Names, names);
        metrics.Invalidated(by, result, names);
    }
}
