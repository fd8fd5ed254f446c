using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A write inside another one, in a transaction of its own: it is committed also where the outer one is rolled back.</summary>
internal sealed class ApartWrite(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    private static readonly WriteOptions Apart = new() { NewTransaction = true };

    public override async Task RunAsync(Random random)
    {
        var outer = Change.Any(random, layout);

        // Its rows come behind those that the outer one holds.
        var inner = outer.Rows[^1] < layout.Written[^1] ? Change.Any(random, layout, outer.Rows[^1] + 1) : null;
        var givesUp = random.Next(2) == 0;
        var id = Log.Begin(OperationKind.Apart, outer.Names);
        await CompleteAsync(id, outer.Rows[0], () => Store.WriteAsync(async (write, token) =>
        {
            await outer.ApplyAsync(write, id, token);
            if (inner is not null)
            {
                var own = Log.Begin(OperationKind.Apart, inner.Names);
                await CompleteAsync(
                    own, inner.Rows[0], () => Store.WriteAsync((part, cancelled) => inner.ApplyAsync(part, own, cancelled), Apart, token));
            }

            if (givesUp)
            {
                throw new GivenUpException();
            }
        }));
    }
}
