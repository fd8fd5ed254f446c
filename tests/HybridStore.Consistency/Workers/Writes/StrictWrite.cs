using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A strict write. Most give up where their fences cannot be set: only of those one knows that they had them when a killed one is
/// found to be committed.</summary>
internal sealed class StrictWrite(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    public override Task RunAsync(Random random)
    {
        var change = Change.Any(random, layout);
        var aborts = random.Next(4) > 0;
        var id = Log.Begin(OperationKind.Strict, change.Names, aborts ? StrictDemand.Abort : StrictDemand.Proceed);
        var options = new WriteOptions
        {
            Strict = true,
            OnFenceFailure = aborts ? OnFenceFailure.Abort : OnFenceFailure.Proceed,
        };
        return CompleteAsync(
            id, change.Rows[0], () => Store.WriteAsync((write, token) => change.ApplyAsync(write, id, token), options));
    }
}
