using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers.Reads;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A write that stores what it has written, some of it strict: values of one row and lists of several, so that writers of different
/// rows store the same key.</summary>
internal sealed class ThroughWrite(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    public override Task RunAsync(Random random)
    {
        var change = Change.Any(random, layout);
        var row = change.Rows[0];
        SoakKey[] keys = [new(KeyKind.Item, row), new(KeyKind.Member, row), new(KeyKind.List, layout.GroupOf(row))];
        var isStrict = random.Next(3) == 0;
        var names = change.Names with { Keys = [.. change.Names.Keys.Union(keys.Select(key => key.Name), StringComparer.Ordinal)] };
        var id = Log.Begin(OperationKind.Through, names, isStrict ? StrictDemand.Proceed : StrictDemand.None);
        var options = new WriteOptions { WriteThrough = [.. keys.Select(key => key.Name)], Strict = isStrict };
        return CompleteAsync(
            id,
            row,
            () => Store.WriteAsync(
                async (write, token) =>
                {
                    await change.ApplyAsync(write, id, token);
                    foreach (var key in keys)
                    {
                        await SetAsync(write, key, token);
                    }
                },
                options));
    }

    private async Task SetAsync(WriteContext write, SoakKey key, CancellationToken cancellationToken)
    {
        string[] tags = layout.TagOf(key) is { } tag ? [tag] : [];
        var options = StoreLoads.Options(key);
        if (key.Kind == KeyKind.List)
        {
            var rows = await write.QueryAsync<RowValue>(RowStatements.Group, new { id = key.Number }, cancellationToken);
            write.Set(key.Name, rows, options, tags);
        }
        else
        {
            var row = await write.QuerySingleOrDefaultAsync<RowValue>(RowStatements.Row, new { id = key.Number }, cancellationToken);
            write.Set(key.Name, row!, options, tags);
        }
    }
}
