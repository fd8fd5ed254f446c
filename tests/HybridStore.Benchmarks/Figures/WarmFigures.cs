using System.Globalization;
using System.Text.Json;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures;

/// <summary>How fast an empty cache is filled, entry by entry fenced and under a tag, beside SETs that the bare client sends one behind the other.</summary>
internal static class WarmFigures
{
    private const string Tag = "catalogue";
    private const int SetsInFlight = 1000;

    private static readonly WarmOptions Options = new() { MaximumEntries = ProductTable.Rows };

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(arguments, ("--rounds", 9, 10_000), ("--entries", ProductTable.Rows, ProductTable.Rows));
        var (rounds, entries) = (options["--rounds"], options["--entries"]);
        var figures = new FigureWriter(output);
        await using var contest = await Contest.StartEmptyAsync("store", "raw");
        await MachineDescription.WriteAsync(figures, contest.Servers);
        var store = (HybridStoreContender)contest["store"];
        var raw = (RedisClientContender)contest["raw"];
        var products = await ProductsAsync(contest.Table);
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"{entries} products of about 500 bytes, one tag, batches of {Options.BatchSize}, {rounds} rounds, medians; the values are in memory, or come from one query a batch"));

        (string Name, Func<Task> Fill)[] ways =
        [
            ("warm", () => WarmAsync(store, entries, async (missing, context, token) =>
            {
                // The stamp's round trip, without which nothing is stored in earnest.
                await context.QueryAsync<int>("select 1", cancellationToken: token);
                return [.. missing.Select(id => products[id])];
            })),
            ("query", () => WarmAsync(
                store, entries, static (missing, context, token) => context.QueryAsync<Product>(ProductTable.ByIds, new { ids = missing }, token))),
            ("set", () => SetAsync(raw, products, entries)),
        ];
        var work = ways.ToDictionary(way => way.Name, _ => new List<double>(), StringComparer.Ordinal);
        var turns = await Rounds.TakeAsync(ways, rounds + 1, async way =>
        {
            await EmptyAsync(contest, store);
            var before = await contest.RedisWorkAsync();
            var turn = await Turn.TakeAsync(way.Fill, entries);
            work[way.Name].Add(((await contest.RedisWorkAsync()).CpuMicroseconds - before.CpuMicroseconds) / entries);
            return turn;
        });

        // The first round is the warm-up's own.
        var of = turns.ToDictionary(turn => turn.Key.Name, turn => turn.Value[1..], StringComparer.Ordinal);
        figures.Figure("warm.ratio_set", Rounds.Ratio(of["set"], of["warm"]), "ratio");
        figures.Figure("warm.query.ratio_set", Rounds.Ratio(of["set"], of["query"]), "ratio");
        foreach (var (name, taken) in of)
        {
            figures.Figure($"warm.{name}.entries_per_s", 1_000_000 / Median.Of(taken.Select(turn => turn.Microseconds)), "1/s");
            figures.Figure($"warm.{name}.cpu_us", Median.Of(taken.Select(turn => turn.CpuMicroseconds)), "us");
            figures.Figure($"warm.{name}.redis_cpu_us", Median.Of(work[name].Skip(1)), "us");
        }
    }

    private static async Task<Dictionary<int, Product>> ProductsAsync(ProductTable table)
    {
        var products = new Dictionary<int, Product>(ProductTable.Rows);
        for (var id = 1; id <= ProductTable.Rows; id++)
        {
            products[id] = await table.ReadAsync(id);
        }

        return products;
    }

    private static async Task WarmAsync(
        HybridStoreContender store,
        int entries,
        Func<IReadOnlyList<int>, BatchLoadContext<int>, CancellationToken, ValueTask<IReadOnlyList<Product>>> load)
    {
        var done = await store.Store.WarmAsync(
            Enumerable.Range(1, entries).ToAsyncEnumerable(),
            HybridStoreContender.KeyOf,
            async (missing, context, token) =>
            {
                var rows = await load(missing, context, token);
                context.AddTagToAll(Tag);
                return rows;
            },
            static product => product.Id,
            Options);
        if (done.Stored != entries)
        {
            throw new InvalidOperationException($"Of {entries} entries {done.Stored} were stored.");
        }
    }

    private static async Task SetAsync(RedisClientContender raw, Dictionary<int, Product> products, int entries)
    {
        var sets = new List<Task<bool>>(SetsInFlight);
        for (var id = 1; id <= entries; id++)
        {
            sets.Add(raw.Database.StringSetAsync(
                HybridStoreContender.KeyOf(id), JsonSerializer.SerializeToUtf8Bytes(products[id]), TimeSpan.FromHours(1)));
            if (sets.Count == SetsInFlight)
            {
                await Task.WhenAll(sets);
                sets.Clear();
            }
        }

        await Task.WhenAll(sets);
    }

    private static async Task EmptyAsync(Contest contest, HybridStoreContender store)
    {
        await contest.Servers.Redis.RunAsync("FLUSHALL");

        // The store finds out what has happened before it is measured.
        await store.ReadAsync(1);
        await store.Store.InvalidateAsync(new Invalidation { Keys = [HybridStoreContender.KeyOf(1)] });
    }
}
