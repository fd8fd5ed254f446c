using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>An invalidation of whatever has been committed by then: keys, a tag, or both.</summary>
internal sealed class BareInvalidation(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    public override async Task RunAsync(Random random)
    {
        var names = Change.Any(random, layout).Names;
        var id = Log.Begin(OperationKind.Invalidation, names);
        try
        {
            Log.Invalidated(id, await Store.InvalidateAsync(new Invalidation { Keys = names.Keys, Tags = names.Tags }));
        }
        catch (Exception error)
        {
            Log.Failed(FailureRecord.Invalidation, error);
        }
    }
}
