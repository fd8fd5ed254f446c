using System.Globalization;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>What the loads of items do.</summary>
internal static class Loads
{
    /// <summary>The statement that reads the rows of an item itself.</summary>
    public static string Sql(this Item item, Rig rig) => string.Create(
        CultureInfo.InvariantCulture,
        $"select string_agg(version::text, ',' order by id) from explored where id >= {rig.FirstRow + item.Row} "
        + $"and id < {rig.FirstRow + item.Row + item.Count}");

    public static Func<LoadContext, CancellationToken, ValueTask<string>> Load(
        this Item item, Stage stage, StoreHost host, LoadPath path = LoadPath.Query) =>
        async (context, token) =>
        {
            context.AddTags(item.Tags);
            var own = await path.ReadAsync<string>(item.Sql(stage.Rig), stage.Rig.First.DataSource, context, token);
            stage.Note($"loads {stage.Ledger.Text(item, Ledger.Parse(own))}");
            return item.Part is { } part
                ? $"{own},{await host.Store.GetAsync(part.Key, part.Load(stage, host, path), cancellationToken: token)}"
                : own;
        };

    /// <summary>The same of several items, which one load reads one after the other.</summary>
    public static async ValueTask<IEnumerable<KeyValuePair<string, string>>> LoadManyAsync(
        this Stage stage, IReadOnlyList<Item> items, IReadOnlyList<string> missing, BatchLoadContext<string> context, CancellationToken token)
    {
        var loaded = new List<KeyValuePair<string, string>>();
        foreach (var item in items.Where(item => missing.Contains(item.Key)))
        {
            context.AddTags(item.Key, item.Tags);
            var value = (await context.QueryAsync<string>(item.Sql(stage.Rig), cancellationToken: token))[0];
            stage.Note($"loads {stage.Ledger.Text(item, Ledger.Parse(value))}");
            loaded.Add(KeyValuePair.Create(item.Key, value));
        }

        return loaded;
    }
}
