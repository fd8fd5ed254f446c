using System.Globalization;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What a page of many keys costs when all are cached: at once, one after the other, side by side, and by the bare client. And what a key costs that
/// one request reads fifty times.</summary>
internal static class BatchFigures
{
    private const int Keys = 100;
    private const int Repeats = 50;
    private const double WarmUpShare = 0.2;

    private static readonly ReadOptions Memo = new() { Memo = true };

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(arguments, ("--rounds", 15, 10_000), ("--pages", 200, 100_000));
        var (rounds, pages) = (options["--rounds"], options["--pages"]);
        var figures = new FigureWriter(output);
        await using var contest = await Contest.StartAsync(["store", "raw"]);
        await MachineDescription.WriteAsync(figures, contest.Servers);
        var store = (HybridStoreContender)contest["store"];
        var raw = (RedisClientContender)contest["raw"];
        var loop = ReadLoop.AtRandom();
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture, $"pages of {Keys} of {ProductTable.Rows} products, one caller, {rounds} rounds of {pages} pages, medians"));

        (string Name, Func<int[], Task> Read, int Pages)[] ways =
        [
            ("batch", ids => store.ReadManyAsync(ids), pages),
            ("gets", ids => OneByOneAsync(store, ids), Math.Max(1, pages / 10)),
            ("gets_at_once", ids => Task.WhenAll(Array.ConvertAll(ids, id => store.ReadAsync(id).AsTask())), pages),
            ("mget", raw.ReadManyAsync, pages),
            ("hit", ids => store.ReadAsync(ids[0]).AsTask(), pages * 5),
            ("memo", ids => RepeatedAsync(store, ids[0]), pages * 5),
        ];
        foreach (var way in ways)
        {
            await PagesAsync(loop, way.Read, (int)Math.Max(1, way.Pages * rounds * WarmUpShare));
        }

        var loads = contest.Contenders.Sum(contender => contender.Loads);
        var turns = await Rounds.TakeAsync(
            ways, rounds, way => Turn.TakeAsync(() => PagesAsync(loop, way.Read, way.Pages), way.Pages));
        if (contest.Contenders.Sum(contender => contender.Loads) != loads)
        {
            throw new InvalidOperationException("There were misses; only hits are measured.");
        }

        var of = turns.ToDictionary(turn => turn.Key.Name, turn => turn.Value, StringComparer.Ordinal);
        figures.Figure($"batch.{Keys}.ratio_hit", Rounds.Ratio(of["batch"], of["hit"]), "ratio");
        figures.Figure($"batch.{Keys}.speedup_gets", Rounds.Ratio(of["gets"], of["batch"]), "ratio");
        figures.Figure($"batch.{Keys}.speedup_gets_at_once", Rounds.Ratio(of["gets_at_once"], of["batch"]), "ratio");
        figures.Figure($"batch.{Keys}.ratio_mget", Rounds.Ratio(of["batch"], of["mget"]), "ratio");
        figures.Figure($"batch.{Keys}.us", Median.Of(of["batch"].Select(turn => turn.Microseconds)), "us");
        figures.Figure($"batch.{Keys}.mget_us", Median.Of(of["mget"].Select(turn => turn.Microseconds)), "us");
        figures.Figure($"batch.{Keys}.cpu_us", Median.Of(of["batch"].Select(turn => turn.CpuMicroseconds)), "us");
        figures.Figure($"batch.{Keys}.bytes_per_key", Median.Of(of["batch"].Select(turn => turn.Bytes)) / Keys, "bytes");
        figures.Figure("batch.hit_us", Median.Of(of["hit"].Select(turn => turn.Microseconds)), "us");
        figures.Figure($"memo.{Repeats}.ratio_hit", Rounds.Ratio(of["memo"], of["hit"]), "ratio");
    }

    private static async Task OneByOneAsync(HybridStoreContender store, int[] ids)
    {
        foreach (var id in ids)
        {
            await store.ReadAsync(id);
        }
    }

    /// <summary>What one request does whose parts all want the same row.</summary>
    private static async Task RepeatedAsync(HybridStoreContender store, int id)
    {
        var view = store.Store.With(Memo);
        for (var i = 0; i < Repeats; i++)
        {
            await store.ReadAsync(view, id);
        }
    }

    private static async Task PagesAsync(ReadLoop loop, Func<int[], Task> read, int pages)
    {
        for (var i = 0; i < pages; i++)
        {
            await read(loop.Take(Keys));
        }
    }
}
