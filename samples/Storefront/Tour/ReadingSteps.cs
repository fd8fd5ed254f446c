using Storefront.Orders;

namespace Storefront.Tour;

internal static class ReadingSteps
{
    private static readonly string[] Categories = ["kettle", "lamp", "chair", "table", "clock", "bowl", "shelf"];

    /// <summary>The first requests of a process compile code and open connections; they would measure that.</summary>
    public static async Task WarmUpAsync(TourContext tour)
    {
        await tour.IsCachedAsync(2000);
        for (var product = 1900; product < 2000; product++)
        {
            await tour.Shop.PageAsync(product, tour.CancellationToken);
            await tour.Shop.GetAsync("/categories/rug/bestsellers", tour.CancellationToken);
        }

        await tour.Shop.ChangePriceAsync(2000, 10, tour.CancellationToken);
        await tour.Shop.PostAsync("/orders", new NewOrder(2000, 2000, 1), tour.CancellationToken);
    }

    public static async Task ColdAndWarmAsync(TourContext tour)
    {
        tour.Terminal.Step("Cold and warm reads");
        var products = Enumerable.Range(101, 25).Select(id => $"/products/{id}").ToList();
        var coldPages = await VisitAsync(tour, products);
        var warmPages = await VisitAsync(tour, products);

        var lists = Categories.Select(category => $"/categories/{category}/bestsellers").ToList();
        var coldLists = await VisitAsync(tour, lists);
        var warmLists = await VisitAsync(tour, lists);
        Say(tour, "product pages, 3 entries each", coldPages, warmPages);
        Say(tour, "bestsellers, a join of 40,000", coldLists, warmLists);

        // Not all of them: on a busy machine Redis may once take longer than its time-out, and PostgreSQL answers instead.
        var coldHits = coldPages.Hits + coldLists.Hits;
        var reads = warmPages.Reads + warmLists.Reads;
        var hits = warmPages.Hits + warmLists.Hits;
        tour.Terminal.Claim(coldHits == 0, "the first read of each entry loads it from PostgreSQL", $"{coldHits} hits");
        tour.Terminal.Claim(
            hits >= reads * 9 / 10, $"the second comes from Redis ({hits} of {reads})", $"{hits} of {reads} hits");
        tour.Terminal.Claim(
            Latency.Median(warmLists.Times) < Latency.Median(coldLists.Times),
            "what is dear to compute is cheap to read again",
            "the times above");
    }

    private static void Say(TourContext tour, string what, Visits cold, Visits warm) => tour.Terminal.Say(
        $"{what}: cold {Latency.MedianText(cold.Times)}, warm {Latency.MedianText(warm.Times)} (medians of {warm.Times.Count})");

    private static async Task<Visits> VisitAsync(TourContext tour, IEnumerable<string> paths)
    {
        var (reads, hits) = (tour.Meter.Reads, tour.Meter.Hits);
        var times = new List<TimeSpan>();
        foreach (var path in paths)
        {
            var answer = await tour.Shop.GetAsync(path, tour.CancellationToken);
            times.Add(answer.Time);
        }

        return new Visits(times, tour.Meter.Reads - reads, tour.Meter.Hits - hits);
    }

    private sealed record Visits(IReadOnlyList<TimeSpan> Times, long Reads, long Hits);
}
