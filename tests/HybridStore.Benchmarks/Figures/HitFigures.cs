using System.Diagnostics;
using System.Globalization;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What a hit costs, beside the bare client, two other caches and PostgreSQL itself.</summary>
internal static class HitFigures
{
    private const int AllCallerCounts = 0;

    // Two callers who want the same product at the same time may share a command.
    private const double FewestCommandsPerRead = 0.9;

    private static readonly int[] CallerCounts = [1, 64, 256];

    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(400);

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(
            arguments,
            ("--rounds", 15, 10_000),
            ("--seconds", 24, 36_000),
            ("--callers", AllCallerCounts, 10_000),
            ("--contenders", Contest.Everybody.Length, Contest.Everybody.Length));
        var rounds = options["--rounds"];
        var figures = new FigureWriter(output);
        await using var contest = await Contest.StartAsync(Contest.Everybody[..options["--contenders"]]);
        await MachineDescription.WriteAsync(figures, contest.Servers);
        var contenders = contest.Contenders;
        var callerCounts = options["--callers"] is not AllCallerCounts and var only ? [only] : CallerCounts;
        var turn = TimeSpan.FromSeconds(options["--seconds"]) / (callerCounts.Length * rounds * contenders.Count);
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"{ProductTable.Rows} keys, {rounds} rounds of {contenders.Count} turns of about {turn.TotalMilliseconds:0} ms, medians"));

        var loop = ReadLoop.AtRandom();
        foreach (var callers in callerCounts)
        {
            var reads = new Dictionary<Contender, int>();
            foreach (var contender in contenders)
            {
                reads[contender] = await WarmUpAsync(contest, figures, loop, contender, callers, turn);
            }

            var turns = await Rounds.TakeAsync(
                contenders, rounds, contender => Turn.OfHitsAsync(loop, contender, callers, reads[contender]));
            Write(figures, contest, callers, turns);
        }
    }

    /// <summary>How many reads fill a turn. On the way it is seen to that every read asks a server.</summary>
    private static async Task<int> WarmUpAsync(
        Contest contest, FigureWriter figures, ReadLoop loop, Contender contender, int callers, TimeSpan turn)
    {
        var batch = Math.Max(callers * 4, 200);
        var reads = 0;
        var before = await contest.RedisWorkAsync();
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < WarmUp)
        {
            await Turn.OfHitsAsync(loop, contender, callers, batch);
            reads += batch;
        }

        var after = await contest.RedisWorkAsync();
        var commandsPerRead = (after.Commands - before.Commands) / reads;
        if (contender is FusionCacheContender or HybridCacheContender && commandsPerRead < FewestCommandsPerRead)
        {
            throw new InvalidOperationException($"{contender.Name} answered from its own memory.");
        }

        if (contender is not PostgresContender)
        {
            figures.Figure(Name(contender, callers, "redis_commands_per_read"), commandsPerRead, "commands");
            figures.Figure(
                Name(contender, callers, "redis_cpu_us_per_read"), (after.CpuMicroseconds - before.CpuMicroseconds) / reads, "us");
        }

        // The last of the warm-up says how fast it is when it is warm.
        var warm = await Turn.OfHitsAsync(loop, contender, callers, batch * 4);
        return Math.Max(callers * 4, (int)(turn.TotalMicroseconds / warm.Microseconds));
    }

    private static void Write(FigureWriter figures, Contest contest, int callers, Dictionary<Contender, List<Turn>> turns)
    {
        var store = turns[contest["store"]];
        foreach (var (contender, taken) in turns)
        {
            if (contender is PostgresContender)
            {
                figures.Figure($"hit.c{callers}.speedup_postgres", Rounds.Ratio(taken, store), "ratio");
            }
            else if (taken != store)
            {
                figures.Figure($"hit.c{callers}.ratio_{contender.Name}", Rounds.Ratio(store, taken), "ratio");
            }

            figures.Figure(Name(contender, callers, "us_per_read"), Median.Of(taken.Select(turn => turn.Microseconds)), "us");
            figures.Figure(Name(contender, callers, "cpu_us_per_read"), Median.Of(taken.Select(turn => turn.CpuMicroseconds)), "us");
            figures.Figure(Name(contender, callers, "bytes"), Median.Of(taken.Select(turn => turn.Bytes)), "bytes");
        }
    }

    /// <summary>The store's own figures go without its name: <c>hit.c64.bytes</c>, <c>hit.raw.c64.bytes</c>.</summary>
    private static string Name(Contender contender, int callers, string what) =>
        contender.Name == "store" ? $"hit.c{callers}.{what}" : $"hit.{contender.Name}.c{callers}.{what}";
}
