using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A write that names in the journal what it invalidates, also of rows that are not watched: whoever leads invalidates it, where the
/// writer dies behind COMMIT. Some are strict as well.</summary>
internal sealed class DurableWrite(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    private static readonly WriteOptions Durable = new() { Durability = InvalidationDurability.Journal };

    public override Task RunAsync(Random random)
    {
        var change = Change.Any(random, layout);
        var isStrict = random.Next(4) == 0;
        var id = Log.Begin(OperationKind.Durable, change.Names, isStrict ? StrictDemand.Abort : StrictDemand.None);
        var options = isStrict ? Durable with { Strict = true, OnFenceFailure = OnFenceFailure.Abort } : Durable;
        return CompleteAsync(
            id, change.Rows[0], () => Store.WriteAsync((write, token) => change.ApplyAsync(write, id, token), options));
    }
}
