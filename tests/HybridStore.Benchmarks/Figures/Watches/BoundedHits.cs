using System.Globalization;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures.Watches;

/// <summary>What a bound on the age of values adds to a hit: the applied mark is read along and compared.</summary>
internal static class BoundedHits
{
    private const int Callers = 64;
    private const int WarmUpReads = 20_000;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    public static async Task WriteAsync(FigureWriter figures, TestServers servers, int rounds, TimeSpan time)
    {
        await using var table = await ProductTable.CreateAsync(servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync()));
        await using var plain = await HybridStoreContender.StartAsync(
            table,
            servers.Redis.DirectConnectionString,
            options =>
            {
                options.KeyPrefix = "bounded";
                options.Journal.Enabled = true;
                options.Journal.InstallAtStart = true;
            });
        await using var bounded = new BoundedContender(plain, table, Bound);
        await plain.FillAsync();

        // Until there is a first mark, and it has emptied the cache, these are misses.
        await bounded.FillAsync();

        Contender[] contenders = [plain, bounded];
        var loop = ReadLoop.AtRandom();
        var microseconds = 0.0;
        foreach (var contender in contenders)
        {
            await Turn.OfHitsAsync(loop, contender, Callers, WarmUpReads);
            microseconds += (await Turn.OfHitsAsync(loop, contender, Callers, WarmUpReads)).Microseconds;
        }

        var reads = Math.Max(Callers * 4, (int)(time.TotalMicroseconds / rounds / microseconds));
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture, $"{Callers} callers, {rounds} rounds of 2 turns of {reads} hits, medians"));
        var turns = await Rounds.TakeAsync(contenders, rounds, contender => Turn.OfHitsAsync(loop, contender, Callers, reads));
        figures.Figure($"bounded.c{Callers}.ratio_hit", Rounds.Ratio(turns[bounded], turns[plain]), "ratio");
        figures.Figure($"bounded.c{Callers}.us_per_read", Median.Of(turns[bounded].Select(turn => turn.Microseconds)), "us");
        figures.Figure($"bounded.c{Callers}.bytes", Median.Of(turns[bounded].Select(turn => turn.Bytes)), "bytes");
    }
}
