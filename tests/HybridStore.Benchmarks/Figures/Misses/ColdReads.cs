using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures.Misses;

/// <summary>Reads of products that no cache has, each stored behind its caller. Before every turn all entries are removed; in a turn no
/// product is read twice.</summary>
internal static class ColdReads
{
    private const int FewestReads = 20;

    public static async Task WriteAsync(
        FigureWriter figures, Contest contest, ReadLoop loop, int callers, int rounds, TimeSpan turn)
    {
        var reads = new Dictionary<Contender, int>();
        foreach (var contender in contest.Contenders)
        {
            await TakeAsync(contest, loop, contender, callers, callers * 16);
            var warm = await TakeAsync(contest, loop, contender, callers, callers * 16);
            reads[contender] = Math.Clamp(
                (int)(turn.TotalMicroseconds / warm.Microseconds), Math.Max(FewestReads, callers * 4), ProductTable.Rows);
        }

        var turns = await Rounds.TakeAsync(
            contest.Contenders, rounds, contender => TakeAsync(contest, loop, contender, callers, reads[contender]));
        var store = turns[contest["store"]];
        foreach (var (contender, taken) in turns)
        {
            if (taken != store)
            {
                var name = contender is PostgresContender ? "bare" : contender.Name;
                figures.Figure($"miss.c{callers}.ratio_{name}", Rounds.Ratio(store, taken), "ratio");
            }

            figures.Figure(Name(contender, callers, "us_per_read"), Median.Of(taken.Select(each => each.Microseconds)), "us");
            figures.Figure(Name(contender, callers, "cpu_us_per_read"), Median.Of(taken.Select(each => each.CpuMicroseconds)), "us");
            figures.Figure(Name(contender, callers, "bytes"), Median.Of(taken.Select(each => each.Bytes)), "bytes");
        }
    }

    private static async Task<Turn> TakeAsync(Contest contest, ReadLoop loop, Contender contender, int callers, int reads)
    {
        var others = await contest.Servers.Redis.RemoveEntriesAsync();
        var loads = contender.Loads;
        var turn = await Turn.TakeAsync(() => loop.RunAsync(contender, callers, reads), reads);
        if (contender is PostgresContender)
        {
            return turn;
        }

        await contest.Servers.Redis.AwaitKeysAsync(others + reads);
        return contender.Loads - loads == reads
            ? turn
            : throw new InvalidOperationException(
                $"{contender.Name} loaded {contender.Loads - loads} times for {reads} reads; only misses are measured.");
    }

    private static string Name(Contender contender, int callers, string what) => contender switch
    {
        PostgresContender => $"miss.bare.c{callers}.{what}",
        { Name: "store" } => $"miss.c{callers}.{what}",
        _ => $"miss.{contender.Name}.c{callers}.{what}",
    };
}
