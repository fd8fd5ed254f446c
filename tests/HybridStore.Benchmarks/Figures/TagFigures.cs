using System.Globalization;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Figures.Tags;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What it costs to invalidate a tag with very many members: the time, for how long others wait for Redis meanwhile, and how many
/// loads readers of the members make.</summary>
internal static class TagFigures
{
    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(
            arguments, ("--rounds", 5, 10_000), ("--races", 3, 10_000), ("--members", 100_000, 10_000_000));
        var members = options["--members"];
        var figures = new FigureWriter(output);
        await using var contest = await Contest.StartEmptyAsync("store");
        await MachineDescription.WriteAsync(figures, contest.Servers);
        var store = ((HybridStoreContender)contest["store"]).Store;
        var products = new TaggedProducts(contest.Servers.Redis, store, members);
        var name = members % 1000 == 0
            ? string.Create(CultureInfo.InvariantCulture, $"tag.{members / 1000}k")
            : string.Create(CultureInfo.InvariantCulture, $"tag.{members}");

        await Interruptions.WriteAsync(figures, contest.Servers.Redis, products, name, options["--rounds"]);
        await ReadersBesideInvalidation.WriteAsync(figures, products, name, options["--races"]);
    }
}
