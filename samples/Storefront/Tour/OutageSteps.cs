using System.Diagnostics;
using Storefront.Products;

namespace Storefront.Tour;

internal static class OutageSteps
{
    // Nobody else visits it, so that its entry in Redis is the one from before the outage.
    private const int Watched = 500;

    private const decimal PriceWhileStopped = 1234.50m;
    private const decimal PriceWhileFrozen = 4321.00m;

    private static readonly int[] Visited = [.. Enumerable.Range(101, 125)];

    public static async Task RedisStopsAsync(TourContext tour)
    {
        tour.Terminal.Step("Redis is stopped");
        await tour.IsCachedAsync(Watched);
        var oldPrice = await tour.Shop.PriceAsync(Watched, tour.CancellationToken);
        var position = tour.Log.Position;
        var traffic = new Traffic(tour.Shop, Visited);
        await using (traffic)
        {
            var startedAt = Stopwatch.GetTimestamp();
            await traffic.GoesOnAsync(100, tour.CancellationToken);
            var stoppedAt = Stopwatch.GetTimestamp();
            await tour.Servers.StopRedisAsync();
            tour.Terminal.Say(tour.Servers.IsOurs ? "its process has ended" : "it is cut off from the shop");
            var opened = await tour.LoggedAsync(StoreLog.CircuitOpened, position);

            var written = await tour.Shop.ChangePriceAsync(Watched, PriceWhileStopped, tour.CancellationToken);
            var price = await tour.Shop.PriceAsync(Watched, tour.CancellationToken);
            await tour.LoggedAsync(StoreLog.InvalidationQueued, position);
            await traffic.GoesOnAsync(200, tour.CancellationToken);

            var openedAt = opened?.At ?? long.MaxValue;
            tour.Terminal.Say(
                $"page visits before: {Latency.MedianText(traffic.Times(startedAt, stoppedAt))}, "
                + $"now from PostgreSQL: {Latency.MedianText(traffic.Times(openedAt))}");
            tour.Terminal.Claim(opened is not null, "three failures in a row have opened the circuit breaker", "no such log");
            tour.Terminal.Claim(
                price == PriceWhileStopped,
                $"a write works: {oldPrice:0.00} becomes {PriceWhileStopped:0.00} and is read; "
                    + $"its invalidation: {Invalidation(written)}",
                $"the price {price}");
        }

        ClaimNobodyFailed(tour, traffic);
    }

    public static async Task RedisReturnsAsync(TourContext tour)
    {
        tour.Terminal.Step("Redis is back");
        var position = tour.Log.Position;
        LogLine? applied;
        LogLine? closed;
        var traffic = new Traffic(tour.Shop, Visited);
        await using (traffic)
        {
            await tour.Servers.StartRedisAsync(tour.CancellationToken);
            tour.Terminal.Say(tour.Servers.IsOurs ? "the process starts anew and is empty" : "it can be reached again");
            applied = await tour.LoggedAsync(StoreLog.InvalidationAppliedLate, position);
            closed = await tour.LoggedAsync(StoreLog.CircuitClosed, position);
        }

        // One that was only cut off has lost nothing.
        var warmed = !tour.Servers.IsOurs || await tour.LoggedAsync(StoreLog.WarmedUp, position) is not null;
        var hits = await tour.IsCachedAsync(Watched);
        var price = await tour.Shop.PriceAsync(Watched, tour.CancellationToken);
        ClaimNobodyFailed(tour, traffic);
        tour.Terminal.Claim(applied is not null, "the invalidation that waited is applied", "no such log");
        tour.Terminal.Claim(
            closed is not null && hits,
            "the breaker is closed, and Redis answers reads again",
            $"closed: {closed is not null}, hits: {hits}");
        tour.Terminal.Claim(warmed, "the season's products are warm again, if Redis had lost them", "no such log");
        tour.Terminal.Claim(
            price == PriceWhileStopped, $"what was written meanwhile is what is read: {PriceWhileStopped:0.00}", $"{price}");
    }

    /// <summary>Worse than a server that is gone: one that answers nobody, and that wakes up with what it held before.</summary>
    public static async Task RedisHangsAsync(TourContext tour)
    {
        tour.Terminal.Step("Redis hangs, and wakes up with the old price");
        await tour.IsCachedAsync(Watched);
        var position = tour.Log.Position;
        var traffic = new Traffic(tour.Shop, Visited);
        await using (traffic)
        {
            await traffic.GoesOnAsync(50, tour.CancellationToken);
            var frozenAt = Stopwatch.GetTimestamp();
            await tour.Servers.FreezeRedisAsync();
            tour.Terminal.Say("it accepts what is sent and answers nothing");
            var opened = await tour.LoggedAsync(StoreLog.CircuitOpened, position);
            await traffic.GoesOnAsync(200, tour.CancellationToken);
            var openedAt = opened?.At ?? long.MaxValue;
            var (waiting, open) = (traffic.Times(frozenAt, openedAt), Latency.Median(traffic.Times(openedAt)));
            var timeout = tour.Options.RedisTimeout;
            tour.Terminal.Say(
                $"each call to Redis is given up after {Latency.Text(timeout)}; "
                + $"the slowest visit took {Latency.Text(waiting.DefaultIfEmpty().Max())}");
            tour.Terminal.Claim(
                opened is not null && open < timeout / 2,
                $"with the breaker open nobody waits for Redis any more: {Latency.Text(open)}",
                $"opened: {opened is not null}, {Latency.Text(open)}");

            var written = await tour.Shop.ChangePriceAsync(Watched, PriceWhileFrozen, tour.CancellationToken);
            using var enough = new CancellationTokenSource();
            var watching = WatchAsync(tour, enough.Token);
            await tour.Servers.ThawRedisAsync();
            var applied = await tour.LoggedAsync(StoreLog.InvalidationAppliedLate, position);
            var closed = await tour.LoggedAsync(StoreLog.CircuitClosed, position);
            await traffic.GoesOnAsync(50, tour.CancellationToken);
            var hits = await IsReadFromRedisAsync(tour);
            await enough.CancelAsync();
            var (reads, stale) = await watching;
            tour.Terminal.Claim(
                applied is not null && stale == 0,
                $"a price written meanwhile, {PriceWhileFrozen:0.00} ({Invalidation(written)}), is what all {reads} later reads saw",
                $"applied: {applied is not null}, {stale} of {reads} reads were old");
            tour.Terminal.Claim(
                closed is not null && hits, "Redis answers reads again", $"closed: {closed is not null}, hits: {hits}");
        }

        ClaimNobodyFailed(tour, traffic);
    }

    /// <summary>Reads the price over and over, and counts what is older than the write that was acknowledged before.</summary>
    private static async Task<(int Reads, int Stale)> WatchAsync(TourContext tour, CancellationToken enough)
    {
        var (reads, stale) = (0, 0);
        while (!enough.IsCancellationRequested)
        {
            stale += await tour.Shop.PriceAsync(Watched, tour.CancellationToken) == PriceWhileFrozen ? 0 : 1;
            reads++;
        }

        return (reads, stale);
    }

    private static Task<bool> IsReadFromRedisAsync(TourContext tour)
    {
        var hits = tour.Meter.Hits;
        return Poll.UntilAsync(() => tour.Meter.Hits >= hits + 100, TourContext.Patience, tour.CancellationToken);
    }

    private static void ClaimNobodyFailed(TourContext tour, Traffic traffic) => tour.Terminal.Claim(
        traffic.Failed == 0,
        $"{traffic.Count} requests meanwhile, {traffic.Failed} failed",
        $"{traffic.Failed} of {traffic.Count} failed; the first: {traffic.FirstFailure}");

    private static string Invalidation(Answer written) => written.Read<PriceChanged>().Invalidation;
}
