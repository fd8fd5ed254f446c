using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A write that changes its mind: nobody may ever read what it wrote.</summary>
internal sealed class RolledBackWrite(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    public override Task RunAsync(Random random)
    {
        var change = Change.Any(random, layout);
        var id = Log.Begin(OperationKind.RolledBack, change.Names);
        return CompleteAsync(id, change.Rows[0], () => Store.WriteAsync(async (write, token) =>
        {
            await change.ApplyAsync(write, id, token);
            throw new GivenUpException();
        }));
    }
}
