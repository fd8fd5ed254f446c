using System.Globalization;

namespace HybridStore.Benchmarks.Figures.Watches;

/// <summary>What watching a table leaves of the throughput of its writers, beside a table that is not watched and one whose trigger
/// notifies.</summary>
internal static class WriteRates
{
    private const int WarmUpWrites = 4_000;

    /// <returns>How many writes a second the watched table takes.</returns>
    public static async Task<double> WriteAsync(
        FigureWriter figures, string name, ListeningStore store, Writers writers, int rounds, TimeSpan time)
    {
        await using var notified = await NotifiedClient.StartAsync(store.DataSource, WrittenTable.Notifying.Name);
        var microseconds = 0.0;
        foreach (var table in WrittenTable.All)
        {
            await TakeAsync(store, writers, table, WarmUpWrites);
            microseconds += (await TakeAsync(store, writers, table, WarmUpWrites)).Microseconds;
        }

        var writes = Math.Max(400, (int)(time.TotalMicroseconds / rounds / microseconds));
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture, $"8 writers, {rounds} rounds of {WrittenTable.All.Length} turns of {writes} writes, medians"));
        var turns = await Rounds.TakeAsync(WrittenTable.All, rounds, table => TakeAsync(store, writers, table, writes));
        if (notified.Heard < rounds * writes)
        {
            throw new InvalidOperationException($"Only {notified.Heard} notifications were heard: somebody did not have to send them.");
        }

        var ours = turns[WrittenTable.Watched];
        figures.Figure($"{name}.ours.ratio_none", Rounds.Ratio(turns[WrittenTable.Unwatched], ours), "ratio");
        figures.Figure($"{name}.ours.ratio_notify", Rounds.Ratio(turns[WrittenTable.Notifying], ours), "ratio");
        foreach (var (table, taken) in turns)
        {
            figures.Figure(
                $"{name}.{table.Name}.writes_per_s", 1e6 / Median.Of(taken.Select(turn => turn.Microseconds)), "writes/s");

            // Writers and listener together; what Redis and PostgreSQL use comes on top.
            figures.Figure($"{name}.{table.Name}.cpu_us_per_write", Median.Of(taken.Select(turn => turn.CpuMicroseconds)), "us");
        }

        return 1e6 / Median.Of(ours.Select(turn => turn.Microseconds));
    }

    private static async Task<Turn> TakeAsync(ListeningStore store, Writers writers, WrittenTable table, int writes)
    {
        var turn = await Turn.TakeAsync(() => writers.WriteAsync(table, writes), writes);

        // Nobody pays for what the one before has left to be applied, or for looking for more.
        await store.SettleAsync();
        await store.SleepsAsync();
        return turn;
    }
}
