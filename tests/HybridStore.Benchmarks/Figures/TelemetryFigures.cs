using System.Diagnostics;
using System.Globalization;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Figures.Telemetry;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What it adds to a hit that somebody listens: to all instruments of the meter, or to spans of which none is wanted. One store, in
/// turns with a listener and without.</summary>
internal static class TelemetryFigures
{
    private const string Nobody = "nobody";
    private const string Metered = "metered";
    private const string Unsampled = "unsampled";
    private const int MostCallers = 64;

    private static readonly string[] Everybody = [Nobody, Metered, Unsampled];

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(arguments, ("--rounds", 60, 10_000), ("--seconds", 40, 36_000));
        var rounds = options["--rounds"];
        var figures = new FigureWriter(output);
        await using var contest = await Contest.StartAsync("store");
        await MachineDescription.WriteAsync(figures, contest.Servers);
        var store = contest["store"];
        var loop = ReadLoop.AtRandom();
        foreach (var callers in new[] { 1, MostCallers })
        {
            var turn = TimeSpan.FromSeconds(options["--seconds"]) / (2 * rounds * Everybody.Length);
            var microseconds = await WarmUpAsync(loop, store, callers);
            var reads = Math.Max(callers * 4, (int)(turn.TotalMicroseconds / microseconds));
            figures.Remark(string.Create(
                CultureInfo.InvariantCulture, $"{callers} callers, {rounds} rounds of {Everybody.Length} turns of {reads} hits, medians"));
            var turns = await Rounds.TakeAsync(Everybody, rounds, who => TakeAsync(who, loop, store, callers, reads));
            Write(figures, callers, turns);
        }
    }

    /// <returns>How long a read takes that is warm, whoever listens.</returns>
    private static async Task<double> WarmUpAsync(ReadLoop loop, Contender store, int callers)
    {
        var microseconds = 0.0;
        foreach (var who in Everybody)
        {
            var start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < WarmUp)
            {
                microseconds = (await TakeAsync(who, loop, store, callers, callers * 100)).Microseconds;
            }
        }

        return microseconds;
    }

    private static async Task<Turn> TakeAsync(string who, ReadLoop loop, Contender store, int callers, int reads)
    {
        using IDisposable? listener = who switch
        {
            Metered => new AggregatingListener(),
            Unsampled => ListenToNothing(),
            _ => null,
        };
        return await Turn.OfHitsAsync(loop, store, callers, reads);
    }

    private static ActivityListener ListenToNothing()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == HybridStoreTelemetry.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static void Write(FigureWriter figures, int callers, Dictionary<string, List<Turn>> turns)
    {
        var ratio = Rounds.Ratio(turns[Metered], turns[Nobody]);
        figures.Figure($"telemetry.hit.c{callers}.ratio", ratio, "ratio");
        figures.Figure($"telemetry.hit.c{callers}.unsampled_ratio", Rounds.Ratio(turns[Unsampled], turns[Nobody]), "ratio");
        foreach (var (who, taken) in turns)
        {
            figures.Figure($"telemetry.hit.{who}.c{callers}.us_per_read", Median.Of(taken.Select(turn => turn.Microseconds)), "us");
            figures.Figure($"telemetry.hit.{who}.c{callers}.cpu_us_per_read", Median.Of(taken.Select(turn => turn.CpuMicroseconds)), "us");
            figures.Figure($"telemetry.hit.{who}.c{callers}.bytes", Median.Of(taken.Select(turn => turn.Bytes)), "bytes");
        }

        if (callers == MostCallers)
        {
            figures.Figure("telemetry.hit.ratio", ratio, "ratio");
        }
    }
}
