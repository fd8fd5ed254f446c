using System.Net;
using Storefront.Orders;
using Storefront.Products;

namespace Storefront.Tour;

internal static class OrderingSteps
{
    private const int Product = 777;
    private const int Customers = 8;

    public static async Task LastItemAsync(TourContext tour)
    {
        tour.Terminal.Step("The last item: pages may be old, orders may not");
        await tour.IsCachedAsync(Product);
        var shown = await ShownAsync(tour);
        await tour.Servers.RunPastTheShopAsync($"update product set stock = 1 where id = {Product}", tour.CancellationToken);
        var stillShown = await Poll.UntilAsync(
            async () => await ShownAsync(tour) == shown, TimeSpan.FromSeconds(2), tour.CancellationToken);
        var now = await NowAsync(tour);
        tour.Terminal.Say("the warehouse takes all but one, by SQL of its own that no cache hears of");
        tour.Terminal.Claim(
            stillShown,
            $"the cached page still shows {shown} (policy \"inventory\": up to 5 minutes)",
            $"{await ShownAsync(tour)}");
        tour.Terminal.Claim(now == 1, "a read with EntryOptions.Never sees 1", $"{now}");

        // From users of different organisations, all at once.
        var answers = await Task.WhenAll(Enumerable.Range(0, Customers).Select(customer =>
            tour.Shop.PostAsync("/orders", new NewOrder(1001 + (customer * 40), Product, 1), tour.CancellationToken)));
        var sold = answers.Count(answer => answer.Status == HttpStatusCode.Created);
        var refused = answers.Count(answer => answer.Status == HttpStatusCode.Conflict);
        var median = Latency.MedianText(answers.Select(answer => answer.Time));
        tour.Terminal.Say($"{Customers} customers order it at once: {median}");
        tour.Terminal.Claim(
            sold == 1 && refused == Customers - 1,
            $"it is sold exactly once; {Customers - 1} hear that it is gone",
            $"{sold} sold, {refused} refused");

        var (page, left) = (await ShownAsync(tour), await NowAsync(tour));
        tour.Terminal.Claim(
            page == 0 && left == 0, "the order has invalidated the page's stock: it shows 0", $"{page}, and there are {left}");
    }

    private static async Task<int?> ShownAsync(TourContext tour) =>
        (await tour.Shop.PageAsync(Product, tour.CancellationToken)).Read<ProductPage>().Stock;

    private static async Task<int> NowAsync(TourContext tour) =>
        (await tour.Shop.GetAsync($"/products/{Product}/stock", tour.CancellationToken)).Read<StockNow>().Stock;
}
