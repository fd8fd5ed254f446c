using Storefront.Products;

namespace Storefront.Tour;

internal static class PageSteps
{
    private const int Rows = 50;

    /// <summary>What is read for a page: its list, its ranking, and its products at once.</summary>
    private const int Parts = 3;

    /// <summary>The last product of the season's page.</summary>
    private const string LastOfSeason = "product:374";

    public static async Task ShelvesAsync(TourContext tour)
    {
        tour.Terminal.Step($"Pages of {Rows} products");
        await tour.LoggedAsync(StoreLog.WarmedUp, since: 0);

        // Where nobody has ever applied the journal, the first who does empties the cache, and the warm-up runs once more.
        var isWarm = await Poll.UntilAsync(
            async () => (await tour.Store.TryGetAsync<Product>(LastOfSeason, cancellationToken: tour.CancellationToken)).HasValue,
            TourContext.Patience,
            tour.CancellationToken);

        // The rankings of both were read above: only the list and the products are new.
        var warmed = await VisitAsync(tour, SeasonWarmup.Category);
        var cold = await VisitAsync(tour, "table");
        var cached = cold;
        await Poll.UntilAsync(
            async () => (cached = await VisitAsync(tour, "table")) is { Loads: 0, Calls: Parts },
            TourContext.Patience,
            tour.CancellationToken);
        Say(tour, "cold", cold);
        Say(tour, "cached", cached);
        Say(tour, "warmed up at start", warmed);
        tour.Terminal.Claim(
            cold.Rows == Rows && cold.Loads == 2,
            $"{Rows} products that nobody has read are one query, and their list another",
            $"{cold.Loads} queries, {cold.Rows} rows");
        tour.Terminal.Claim(
            cached.Rows == Rows && cached is { Loads: 0, Calls: Parts },
            $"cached, the page costs {Parts} calls to Redis (one by one {1 + (2 * Rows)}): {Rows} products are one, "
                + "and the ranking that each row asks for is read once",
            $"{cached.Loads} queries, {cached.Calls} calls, {cached.Rows} rows");
        tour.Terminal.Claim(
            isWarm && warmed.Rows == Rows && warmed.Loads == 1,
            "of the season's page nobody had asked for a product yet, and none was loaded for it: only the list",
            $"{warmed.Loads} queries, {warmed.Rows} rows");
    }

    private static void Say(TourContext tour, string what, Visit visit) => tour.Terminal.Say(
        $"{what}: {Latency.Text(visit.Time)}; queries: {visit.Loads}, calls to Redis for entries: {visit.Calls}");

    private static async Task<Visit> VisitAsync(TourContext tour, string category)
    {
        var (loads, calls) = (tour.Meter.Loads, tour.Meter.Calls);
        var answer = await tour.Shop.GetAsync($"/categories/{category}/products", tour.CancellationToken);
        return new Visit(answer.Read<List<ShelfRow>>().Count, tour.Meter.Loads - loads, tour.Meter.Calls - calls, answer.Time);
    }

    private sealed record Visit(int Rows, long Loads, long Calls, TimeSpan Time);
}
