using System.Globalization;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Figures.Writes;
using HybridStore.Benchmarks.Workload;
using StackExchange.Redis.Profiling;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What a write costs beside the bare transaction: time, and round trips to Redis.</summary>
internal static class WriteFigures
{
    private const int WarmUpWrites = 200;
    private const int CountedWrites = 9;

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(arguments, ("--rounds", 25, 10_000), ("--seconds", 15, 36_000));
        var rounds = options["--rounds"];
        var figures = new FigureWriter(output);
        await using var contest = await Contest.StartEmptyAsync("store");
        await MachineDescription.WriteAsync(figures, contest.Servers);
        var store = (HybridStoreContender)contest["store"];
        var paths = WritePath.All(contest.Table, store);

        var microseconds = 0.0;
        foreach (var path in paths)
        {
            await TakeAsync(path, WarmUpWrites);
            microseconds += (await TakeAsync(path, WarmUpWrites)).Microseconds;
        }

        foreach (var path in paths)
        {
            var name = path.Name == "store" ? "write" : $"write.{path.Name}";
            figures.Figure($"{name}.redis_roundtrips", await RoundTripsAsync(store, path), "roundtrips");
        }

        var writes = Math.Clamp((int)(options["--seconds"] * 1e6 / rounds / microseconds), 10, ProductTable.Rows);
        figures.Remark(string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds of {paths.Length} turns of {writes} writes, one caller, medians"));
        var turns = await Rounds.TakeAsync(paths, rounds, path => TakeAsync(path, writes));
        foreach (var path in paths)
        {
            var name = path.Name == "store" ? "write" : $"write.{path.Name}";
            if (path != paths[0])
            {
                figures.Figure($"{name}.ratio_bare", Rounds.Ratio(turns[path], turns[paths[0]]), "ratio");
            }

            figures.Figure($"{name}.us_per_write", Median.Of(turns[path].Select(turn => turn.Microseconds)), "us");
            figures.Figure($"{name}.bytes", Median.Of(turns[path].Select(turn => turn.Bytes)), "bytes");
        }
    }

    private static Task<Turn> TakeAsync(WritePath path, int writes) => Turn.TakeAsync(
        async () =>
        {
            for (var id = 1; id <= writes; id++)
            {
                await path.WriteAsync(id);
            }
        },
        writes);

    /// <summary>How often the caller of a write waits for Redis: commands that are sent before the ones ahead of them are answered share a
    /// round trip. The client's own profiler tells.</summary>
    private static async Task<double> RoundTripsAsync(HybridStoreContender store, WritePath path)
    {
        var counts = new List<double>();
        ProfilingSession? profiling = null;
        store.Multiplexer.RegisterProfiler(() => profiling);
        for (var id = 1; id <= CountedWrites; id++)
        {
            profiling = new ProfilingSession();
            await path.WriteAsync(id);
            var (trips, answeredAt) = (0, DateTime.MinValue);
            foreach (var command in profiling.FinishProfiling().OrderBy(command => command.CommandCreated))
            {
                trips += command.CommandCreated >= answeredAt ? 1 : 0;
                var end = command.CommandCreated + command.ElapsedTime;
                answeredAt = end > answeredAt ? end : answeredAt;
            }

            counts.Add(trips);
            profiling = null;
        }

        return Median.Of(counts);
    }
}
