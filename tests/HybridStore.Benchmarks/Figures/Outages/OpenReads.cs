using System.Globalization;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;
using HybridStore.Registration;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Benchmarks.Figures.Outages;

/// <summary>What a read costs while the circuit is open, beside the bare query.</summary>
internal static class OpenReads
{
    private const int TurnReads = 1500;

    // As many as the limit lets run at once: nobody waits for a turn.
    private static readonly int[] CallerCounts = [1, 32];

    public static async Task WriteAsync(FigureWriter figures, TestServers servers, int rounds)
    {
        await using var table = await ProductTable.CreateAsync(servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync()));
        await using var store = await HybridStoreContender.StartAsync(
            table,
            servers.Redis.ConnectionString,
            static options =>
            {
                options.KeyPrefix = "open";
                options.RedisTimeout = OutageStore.RedisTimeout;
                options.CircuitBreaker.FailureThreshold = 1;
                options.CircuitBreaker.BreakDuration = TimeSpan.FromHours(1);
            });
        await using var bare = new PostgresContender(table);
        servers.Redis.Proxy.Cut();
        await store.ReadAsync(1);
        var root = store.Services.GetRequiredService<StoreRoot>();
        while (root.Redis!.Session!.Breakers[0].IsClosed)
        {
            await store.ReadAsync(1);
        }

        var loop = ReadLoop.AtRandom();
        foreach (var callers in CallerCounts)
        {
            foreach (Contender contender in new Contender[] { store, bare })
            {
                await loop.RunAsync(contender, callers, TurnReads);
            }

            var turns = await Rounds.TakeAsync<Contender>(
                [store, bare], rounds, contender => Turn.TakeAsync(() => loop.RunAsync(contender, callers, TurnReads), TurnReads));
            var ratio = Rounds.Ratio(turns[store], turns[bare]);
            figures.Figure(string.Create(CultureInfo.InvariantCulture, $"outage.open.c{callers}.ratio_bare"), ratio, "ratio");
            figures.Figure(
                string.Create(CultureInfo.InvariantCulture, $"outage.open.c{callers}.us_per_read"),
                Median.Of(turns[store].Select(turn => turn.Microseconds)),
                "us");
            foreach (var (contender, taken) in turns)
            {
                var (time, processor, bytes) = (
                    Median.Of(taken.Select(turn => turn.Microseconds)),
                    Median.Of(taken.Select(turn => turn.CpuMicroseconds)),
                    Median.Of(taken.Select(turn => turn.Bytes)));
                figures.Remark(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{callers} callers, {contender.Name}: {time:0} us, {processor:0} us of processor time and {bytes:0} bytes a read"));
            }

            if (callers == CallerCounts[^1])
            {
                figures.Figure("outage.open.ratio_bare", ratio, "ratio");
            }
        }

        servers.Redis.Proxy.Restore();
    }
}
