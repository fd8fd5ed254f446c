using System.Globalization;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Figures.Misses;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What a miss costs: round trips to Redis, the time beside the bare query and two other caches, and what the stamp adds to the
/// load's statement.</summary>
internal static class MissFigures
{
    private static readonly int[] CallerCounts = [1, 64];

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(arguments, ("--rounds", 15, 10_000), ("--seconds", 24, 36_000));
        var rounds = options["--rounds"];
        var seconds = TimeSpan.FromSeconds(options["--seconds"]);
        var figures = new FigureWriter(output);
        await using var contest = await Contest.StartEmptyAsync("postgres", "store", "fusion", "hybridcache");
        await MachineDescription.WriteAsync(figures, contest.Servers);

        await RoundTrips.WriteAsync(figures, contest);

        var reads = ReadLoop.EachInTurn();
        var turn = seconds * 2 / 3 / (CallerCounts.Length * rounds * contest.Contenders.Count);
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"cold reads, {rounds} rounds of {contest.Contenders.Count} turns of about {turn.TotalMilliseconds:0} ms, medians"));
        foreach (var callers in CallerCounts)
        {
            await ColdReads.WriteAsync(figures, contest, reads, callers, rounds, turn);
        }

        await StampCost.WriteAsync(figures, contest.Table, rounds, seconds / 3);
    }
}
