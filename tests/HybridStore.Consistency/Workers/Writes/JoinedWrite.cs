using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>Two writes of which the second joins the first, strict or not; now and then the second fails, and takes the first with
/// it.</summary>
internal sealed class JoinedWrite(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    private static readonly WriteOptions Strict = new() { Strict = true, OnFenceFailure = OnFenceFailure.Abort };

    public override Task RunAsync(Random random)
    {
        var change = Change.Any(random, layout);
        var (outer, inner) = (change.Part(..1, isFirst: true), change.Part(1.., isFirst: false));
        var (isStrict, fails) = (random.Next(4) == 0, random.Next(8) == 0);
        var id = Log.Begin(OperationKind.Joined, change.Names, isStrict ? StrictDemand.Abort : StrictDemand.None);
        return CompleteAsync(id, change.Rows[0], () => Store.WriteAsync(async (write, token) =>
        {
            await outer.ApplyAsync(write, id, token);
            await Store.WriteAsync(
                async (joined, innerToken) =>
                {
                    await inner.ApplyAsync(joined, id, innerToken);
                    if (fails)
                    {
                        throw new GivenUpException();
                    }
                },
                isStrict ? Strict : null,
                token);
        }));
    }
}
