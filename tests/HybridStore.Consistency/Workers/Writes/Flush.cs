using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>The whole cache is dropped.</summary>
internal sealed class Flush(IHybridStore store, OperationLog log, TokenBoard tokens) : StoreWrite(store, log, tokens)
{
    public override async Task RunAsync(Random random)
    {
        var id = Log.Begin(OperationKind.Flush, Names.OfEverything);
        try
        {
            Log.Invalidated(id, await Store.FlushAsync());
        }
        catch (Exception error)
        {
            Log.Failed(FailureRecord.Invalidation, error);
        }
    }
}
